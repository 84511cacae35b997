package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.WeightView;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PackingTest {

    private static final DType[] STORED = {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16, DType.FLOAT64};
    private static final DType[] KEPT = {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16};

    private static Panels pack(Tensor weight, WeightView view, int width) {
        long bytes = Math.ceilDiv(weight.columns(), width) * Panels.panelBytes(weight.type(), weight.rows(), width);
        MemorySegment memory = Arena.ofAuto().allocate(bytes, 64);
        Panels panels = Panels.dense(memory, 0, weight.type(), weight.rows(), weight.columns(), width);
        var packing = new Packing(new WeightReader(weight, view), panels);
        int half = panels.count() / 2;
        packing.pack(0, half);
        packing.pack(half, panels.count());
        return panels;
    }

    /** What a type leaves of a value. */
    private static float rounded(DType type, float value) {
        MemorySegment one = Arena.ofAuto().allocate(8);
        type.write(one, 0, value);
        return type.read(one, 0);
    }

    private static Tensor weight(DType type, int rows, int columns) {
        return new Tensor(0, "w", type, rows, columns, Tensor.Role.WEIGHT);
    }

    @Property(tries = 200)
    void everyElementOfAnyViewIsThereAndPaddingIsZero(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 40) int rows,
            @ForAll @IntRange(min = 1, max = 70) int columns,
            @ForAll @IntRange(max = 3) int stored,
            @ForAll @IntRange(max = 2) int kept,
            @ForAll @IntRange(max = 2) int layout) {
        var random = new Random(seed);
        DType type = STORED[stored];
        int width = 8 << random.nextInt(3);
        int offset = random.nextInt(5);
        long elements = offset + 3L * rows * columns;
        MemorySegment data =
                Arena.ofAuto().allocate(elements * type.bytes() + 1).asSlice(1); // aligned to nothing
        for (long i = 0; i < elements; i++) {
            put(data, type, i, (float) random.nextGaussian());
        }
        WeightView view =
                switch (layout) {
                    case 0 -> new WeightView(data, type, offset, columns, 1);
                    case 1 -> new WeightView(data, type, offset, 3L * columns, 1); // columns of a wider matrix
                    default -> new WeightView(data, type, offset, 1, rows); // transposed
                };
        Tensor weight = weight(KEPT[kept], rows, columns);
        Panels panels = pack(weight, view, width);
        for (int k = 0; k < rows; k++) {
            for (int n = 0; n < panels.count() * width; n++) {
                float expected = n < columns ? rounded(weight.type(), view.at(k, n)) : 0;
                assertEquals(expected, panels.get(k, n), "element " + k + ", " + n);
            }
        }
    }

    private static void put(MemorySegment data, DType type, long index, float value) {
        if (type == DType.FLOAT64) {
            data.set(java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED, index * 8, value);
        } else {
            type.write(data, index * type.bytes(), value);
        }
    }

    @Test
    void columnsOfATwoByteTypeAreThePairsOfInts() {
        Panels panels = Panels.dense(MemorySegment.NULL, 0, DType.BFLOAT16, 3, 8, 8);
        assertEquals(0, panels.at(0, 0));
        assertEquals(2, panels.at(0, 4));
        assertEquals(4, panels.at(0, 1));
        assertEquals(16, panels.at(1, 0));
    }

    @Test
    void aFloat16ThatIsNotFiniteIsFound() {
        Tensor weight = weight(DType.FLOAT16, 5, 40);
        MemorySegment data = Arena.ofAuto().allocate(weight.size() * Float.BYTES);
        WeightView view = WeightView.rowMajor(data, DType.FLOAT32, 40);
        Panels finite = pack(weight, view, 16);
        assertFalse(Packing.holdsNonFinite(finite, 0, finite.count()));
        DType.FLOAT32.write(data, (3 * 40 + 35) * 4L, 1e6f); // beyond what float16 can hold
        Panels infinite = pack(weight, view, 16);
        assertFalse(Packing.holdsNonFinite(infinite, 0, 2));
        assertTrue(Packing.holdsNonFinite(infinite, 2, 3));
    }
}
