package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.WeightView;
import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class Int8PackingTest {

    private static Panels pack(WeightView view, int depth, int columns, int width) {
        long bytes = Math.ceilDiv(columns, width) * Panels.panelBytes(DType.INT8, depth, width);
        MemorySegment memory = Arena.ofAuto().allocate(bytes, 64);
        Panels panels = Panels.dense(memory, 0, DType.INT8, depth, columns, width);
        int half = panels.count() / 2;
        new Int8Packing("blocks.0.mlp.W_in", view, panels).pack(0, half);
        new Int8Packing("blocks.0.mlp.W_in", view, panels).pack(half, panels.count());
        return panels;
    }

    private static WeightView view(float[] values, boolean transposed, int depth, int columns) {
        MemorySegment data = MemorySegment.ofArray(values);
        return transposed
                ? new WeightView(data, DType.FLOAT32, 0, 1, depth)
                : WeightView.rowMajor(data, DType.FLOAT32, columns);
    }

    /** Every column is cut into blocks of 32 depths; what is beside the matrix is zero. */
    @Property(tries = 200)
    void everyElementIsItsNumberTimesTheScaleOfItsBlock(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 100) int depth,
            @ForAll @IntRange(min = 1, max = 70) int columns,
            @ForAll boolean transposed) {
        var random = new Random(seed);
        int width = 8 << random.nextInt(3);
        WeightView view = view(Values.random(random, depth * columns), transposed, depth, columns);
        Panels panels = pack(view, depth, columns, width);
        for (int n = 0; n < panels.count() * width; n++) {
            float[] expected = new float[depth];
            if (n < columns) {
                view.column(n, 0, depth, expected);
                Int8Blocks.round(expected, depth, "w");
            }
            for (int k = 0; k < depth; k++) {
                assertEquals(expected[k], panels.get(k, n), "element " + k + ", " + n);
            }
        }
    }

    @Test
    void aWeightThatIsNoNumberIsRefusedByName() {
        for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e9f}) {
            for (boolean transposed : new boolean[] {false, true}) {
                float[] values = new float[40 * 9];
                values[350] = bad;
                WeightView view = view(values, transposed, 40, 9);
                String message = assertThrows(IllegalArgumentException.class, () -> pack(view, 40, 9, 8))
                        .getMessage();
                assertTrue(message.startsWith("weight blocks.0.mlp.W_in: expected finite values"), message);
                assertTrue(message.endsWith("got " + Math.abs(bad)), message);
            }
        }
    }

    @Test
    void aBlockIsItsScalesAndItsNumbersFourDepthsToAnInt() {
        Panels panels = Panels.dense(MemorySegment.NULL, 0, DType.INT8, 70, 20, 16);
        assertEquals(3 * (64 + 512), panels.panelBytes());
        assertEquals(64, panels.at(0, 0));
        assertEquals(64 + 4, panels.at(0, 1));
        assertEquals(64 + 1, panels.at(1, 0));
        assertEquals(64 + 64, panels.at(4, 0));
        assertEquals(576 + 64, panels.at(32, 0));
        assertEquals(576 + 4, panels.scaleAt(40, 1));
        assertEquals(3 * 576, panels.scaleAt(0, 16));
        assertEquals(panels.at(45, 17), panels.depths(33, 70).at(12, 17));
    }
}
