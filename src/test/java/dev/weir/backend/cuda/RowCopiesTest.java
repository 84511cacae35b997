package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.KernelFixture.requireSame;

import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("cuda")
class RowCopiesTest {

    private static final int BLOCK = 256;
    private static final int[] COLUMNS = {1, 4, 7, 12, 513, 2052};

    private final SplittableRandom random = new SplittableRandom(1);
    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void embeddingWidensTheRowsOfATable(DType type) {
        int[] ids = {2, 0, 2, 4};
        for (int columns : COLUMNS) {
            float[] table = KernelFixture.rounded(KernelFixture.values(5 * columns, random), type);
            long onGpu = gpu.weights(type, table, columns);
            long out = gpu.output(ids.length * columns);
            gpu.run(
                    Kernel.of("EMBED", type),
                    new int[] {ids.length},
                    BLOCK,
                    out,
                    onGpu,
                    gpu.ints(ids),
                    columns,
                    WeightLayout.stride(columns, type));
            requireSame(columns + " columns", rows(table, columns, ids), gpu.read(out, ids.length * columns));
        }
    }

    @Test
    void selectingCopiesTheWantedRows() {
        int[] wanted = {3, 3, 0};
        for (int columns : COLUMNS) {
            float[] x = KernelFixture.values(4 * columns, random);
            long aligned = gpu.floats(x);
            long misaligned = gpu.misalignedFloats(x);
            for (long from : new long[] {aligned, misaligned}) {
                long out = gpu.output(wanted.length * columns);
                gpu.run(Kernel.SELECT_ROWS, new int[] {wanted.length}, BLOCK, out, from, gpu.ints(wanted), columns);
                requireSame(columns + " columns", rows(x, columns, wanted), gpu.read(out, wanted.length * columns));
            }
        }
    }

    @Test
    void appendingWritesTheRowsOfTheStepAndNothingElse() {
        append(CachePages.whole(2, 3), new int[] {1, 0, 1}, 2, 1, 0);
        append(CachePages.shuffled(2, 70, 5, random), new int[] {1, 0, 1}, 69, 31, 32);
    }

    private void append(CachePages pages, int[] slots, int... positions) {
        for (int columns : COLUMNS) {
            float[] before = KernelFixture.values(pages.rows() * columns, random);
            float[] x = KernelFixture.values(slots.length * columns, random);
            float[] expected = before.clone();
            for (int r = 0; r < slots.length; r++) {
                System.arraycopy(x, r * columns, expected, pages.row(slots[r], positions[r]) * columns, columns);
            }
            long cache = gpu.changing(before);
            gpu.run(
                    Kernel.APPEND,
                    new int[] {slots.length},
                    BLOCK,
                    cache,
                    gpu.floats(x),
                    gpu.ints(slots),
                    gpu.ints(positions),
                    gpu.ints(pages.table()),
                    columns,
                    pages.context(),
                    pages.shift());
            requireSame(columns + " columns", expected, gpu.read(cache, expected.length));
        }
    }

    private static float[] rows(float[] table, int columns, int... wanted) {
        var rows = new float[wanted.length * columns];
        for (int r = 0; r < wanted.length; r++) {
            float[] row = Arrays.copyOfRange(table, wanted[r] * columns, (wanted[r] + 1) * columns);
            System.arraycopy(row, 0, rows, r * columns, columns);
        }
        return rows;
    }
}
