package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.KernelFixture.requireSame;

import dev.weir.backend.cpu.Kernels.Normalization;
import dev.weir.backend.cpu.ScalarKernels;
import dev.weir.backend.cpu.Window;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("cuda")
class LayerNormTest {

    private static final int BLOCK = 256;
    private static final float EPSILON = 1e-5f;

    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    /** What the CPU makes of rows. */
    private record Norm(
            int rows, int columns, float[] weight, float[] bias, float[] out, float[] scale, float[] normalized) {

        static Norm of(int rows, int columns, float[] x, SplittableRandom random) {
            var norm = new Norm(
                    rows,
                    columns,
                    KernelFixture.values(columns, random),
                    KernelFixture.values(columns, random),
                    new float[x.length],
                    new float[rows],
                    new float[x.length]);
            new ScalarKernels()
                    .normalize(
                            new Normalization(
                                    window(norm.weight, columns),
                                    window(norm.bias, columns),
                                    EPSILON,
                                    window(norm.out, columns),
                                    window(norm.scale, 1),
                                    window(norm.normalized, columns)),
                            window(x, columns),
                            0,
                            rows,
                            columns);
            return norm;
        }

        private static Window window(float[] values, int stride) {
            return new Window(MemorySegment.ofArray(values), 0, stride);
        }
    }

    /** Rows far from zero, so that the mean matters. */
    private static float[] rows(int count, SplittableRandom random) {
        float[] x = KernelFixture.values(count, random);
        for (int i = 0; i < count; i++) {
            x[i] = 3 + 2 * x[i];
        }
        return x;
    }

    @ParameterizedTest
    @CsvSource({"1, 768", "3, 1", "2, 15", "2, 17", "5, 64", "2, 770", "1, 2056", "1, 515", "1, 12288"})
    void aNormHasTheBitsOfTheCpu(int rows, int columns) {
        var random = new SplittableRandom(columns);
        float[] x = rows(rows * columns, random);
        Norm expected = Norm.of(rows, columns, x, random);
        check(expected, gpu.floats(x), true);
        check(expected, gpu.misalignedFloats(x), false);
    }

    private void check(Norm expected, long x, boolean shown) {
        int count = expected.out.length;
        long out = gpu.output(count);
        long scale = gpu.output(expected.rows);
        long normalized = gpu.output(count);
        gpu.runWithShared(
                Kernel.LAYER_NORM,
                new int[] {expected.rows},
                BLOCK,
                expected.columns * Float.BYTES,
                out,
                shown ? scale : null,
                shown ? normalized : null,
                x,
                gpu.floats(expected.weight),
                gpu.floats(expected.bias),
                expected.columns,
                EPSILON);
        requireSame("out", expected.out, gpu.read(out, count));
        if (shown) {
            requireSame("scale", expected.scale, gpu.read(scale, expected.rows));
            requireSame("normalized", expected.normalized, gpu.read(normalized, count));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 67, 768, 2100})
    void theNormOfASumHasTheBitsOfTheCpuAndLeavesTheSum(int columns) {
        int rows = 2;
        int count = rows * columns;
        var random = new SplittableRandom(columns);
        float[] a = rows(count, random);
        float[] b = KernelFixture.values(count, random);
        var total = new float[count];
        for (int i = 0; i < count; i++) {
            total[i] = a[i] + b[i];
        }
        Norm expected = Norm.of(rows, columns, total, random);
        long sum = gpu.output(count);
        long out = gpu.output(count);
        long scale = gpu.output(rows);
        long normalized = gpu.output(count);
        gpu.runWithShared(
                Kernel.ADD_LAYER_NORM,
                new int[] {rows},
                BLOCK,
                columns * Float.BYTES,
                sum,
                out,
                scale,
                normalized,
                gpu.floats(a),
                gpu.floats(b),
                gpu.floats(expected.weight),
                gpu.floats(expected.bias),
                columns,
                EPSILON);
        requireSame("sum", total, gpu.read(sum, count));
        requireSame("out", expected.out, gpu.read(out, count));
        requireSame("scale", expected.scale, gpu.read(scale, rows));
        requireSame("normalized", expected.normalized, gpu.read(normalized, count));
    }
}
