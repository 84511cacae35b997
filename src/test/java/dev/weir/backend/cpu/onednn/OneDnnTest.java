package dev.weir.backend.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.cpu.MatrixLibrary;
import dev.weir.backend.cpu.Rounding;
import dev.weir.backend.cpu.Window;
import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The library's products, by its C interface, against float64. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class OneDnnTest {

    private static final OneDnn LIBRARY = OneDnn.open();

    @Test
    void everyMachineMultipliesFloat32() {
        assertEquals(DType.FLOAT32, LIBRARY.rowType(DType.FLOAT32).orElseThrow());
        assertTrue(LIBRARY.description().startsWith("oneDNN"), LIBRARY.description());
    }

    @RepeatedTest(40)
    void productsAgreeWithFloat64AndWriteNothingBeside() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        int rows = 1 + random.nextInt(140);
        int depth = 1 + random.nextInt(90);
        int columns = 1 + random.nextInt(150);
        int beside = random.nextInt(4);
        for (DType type : new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16}) {
            String what = "seed %d: %dx%dx%d of %s".formatted(seed, rows, depth, columns, type);
            LIBRARY.rowType(type)
                    .ifPresent(rowType -> check(what, random, type, rowType, rows, depth, columns, beside));
        }
    }

    private static void check(
            String what, Random random, DType type, DType rowType, int rows, int depth, int columns, int beside) {
        try (Arena arena = Arena.ofConfined();
                MatrixLibrary.Multiplier multiplier = LIBRARY.multiplier()) {
            int xStride = depth + beside;
            int stride = columns + beside;
            float[] x = stored(random, arena, rowType, rows * xStride);
            MemorySegment xMemory = memory(arena, rowType, x);
            float[] w = stored(random, arena, type, depth * columns);
            var matrix =
                    multiplier.pack(type, depth, columns, memory(arena, type, w), bytes -> arena.allocate(bytes, 64));
            var out = new Window(arena.allocate((long) rows * stride * Float.BYTES, 64), 0, stride);
            out.data().fill((byte) 0xff); // NaN
            multiplier.multiply(xMemory, xStride, rows, matrix, out);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < stride; c++) {
                    if (c < columns) {
                        requireClose(x, r * xStride, w, c, columns, depth, out.get(r, c), what);
                    } else if (r < rows - 1) {
                        assertTrue(Float.isNaN(out.get(r, c)), what + ": written beside");
                    }
                }
            }
        }
    }

    private static void requireClose(
            float[] x, int from, float[] w, int c, int columns, int depth, float got, String what) {
        double sum = 0;
        double magnitude = 0;
        for (int k = 0; k < depth; k++) {
            double product = (double) x[from + k] * w[k * columns + c];
            sum += product;
            magnitude += Math.abs(product);
        }
        double bound = magnitude * depth * 0x1p-24 + 1e-30;
        assertTrue(Math.abs(got - sum) <= bound, what + ": expected " + sum + " within " + bound + ", got " + got);
    }

    /** Values that the type holds exactly. */
    private static float[] stored(Random random, Arena arena, DType type, int count) {
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        MemorySegment memory = memory(arena, type, values);
        for (int i = 0; i < count; i++) {
            values[i] = type.read(memory, (long) i * type.bytes());
        }
        return values;
    }

    private static MemorySegment memory(Arena arena, DType type, float[] values) {
        MemorySegment memory = arena.allocate((long) values.length * type.bytes(), 64);
        for (int i = 0; i < values.length; i++) {
            switch (type) {
                case FLOAT16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
                case BFLOAT16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, i, Rounding.bfloat16(values[i]));
                default -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i]);
            }
        }
        return memory;
    }
}
