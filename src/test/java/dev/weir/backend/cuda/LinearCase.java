package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.weir.backend.cpu.Formulas;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Products of one x with up to three matrices: what a linear kernel is given, and what it has to make of it.
 *
 * @param weights of each part [columns, depth]; values that the type has
 * @param function applied to the result, or null
 */
record LinearCase(
        DType type,
        int rows,
        int depth,
        int columns,
        float[] x,
        float[][] weights,
        float @Nullable [][] biases,
        @Nullable Activation function) {

    /** What a kernel has written. */
    record Result(float[][] out, float @Nullable [] pre) {}

    static LinearCase random(
            DType type, int rows, int depth, int columns, int parts, boolean bias, @Nullable Activation function) {
        RandomGenerator random = new SplittableRandom(31L * rows + 7L * depth + columns);
        var weights = new float[parts][];
        var biases = new float[parts][];
        for (int part = 0; part < parts; part++) {
            weights[part] = KernelFixture.rounded(KernelFixture.values(columns * depth, random), type);
            biases[part] = KernelFixture.values(columns, random);
        }
        float[] x = KernelFixture.values(rows * depth, random);
        return new LinearCase(type, rows, depth, columns, x, weights, bias ? biases : null, function);
    }

    /** The same product of some of the rows. */
    LinearCase rows(int from, int to) {
        float[] some = Arrays.copyOfRange(x, from * depth, to * depth);
        return new LinearCase(type, to - from, depth, columns, some, weights, biases, function);
    }

    LinearCase withX(float[] other) {
        return new LinearCase(type, rows, depth, columns, other, weights, biases, function);
    }

    /** Runs a kernel whose blocks make tiles of the outputs. */
    Result run(KernelFixture gpu, Kernel kernel, int tileRows, int tileColumns, int block) {
        return run(gpu, kernel, tileRows, tileColumns, block, gpu.floats(x));
    }

    Result run(KernelFixture gpu, Kernel kernel, int tileRows, int tileColumns, int block, long xAddress) {
        int parts = weights.length;
        int count = rows * columns;
        var arguments = new Object[16];
        Arrays.fill(arguments, 0L);
        for (int part = 0; part < parts; part++) {
            arguments[part] = gpu.output(count + 1);
            arguments[5 + part] = gpu.weights(type, weights[part], depth);
            arguments[8 + part] = biases == null ? (Object) 0L : gpu.floats(biases[part]);
        }
        arguments[3] = function == null ? (Object) 0L : gpu.output(count + 1);
        arguments[4] = xAddress;
        arguments[11] = rows;
        arguments[12] = depth;
        arguments[13] = WeightLayout.stride(depth, type);
        arguments[14] = columns;
        arguments[15] = function == null ? -1 : function.ordinal();
        int[] grid = {Math.ceilDiv(columns, tileColumns), Math.ceilDiv(rows, tileRows), parts};
        gpu.run(kernel, grid, block, kernel.file().equals("linear_gemv") ? ofGemv(arguments) : arguments);

        var out = new float[parts][];
        for (int part = 0; part < parts; part++) {
            out[part] = read(gpu, (Long) arguments[part]);
        }
        return new Result(out, function == null ? null : read(gpu, (Long) arguments[3]));
    }

    /** The same for the kernel that could do more besides: no cache, no norm, no attention, nothing to add. */
    private static Object[] ofGemv(Object[] plain) {
        var arguments = new Object[34];
        Arrays.fill(arguments, 0, 24, 0L);
        Arrays.fill(arguments, 24, 33, 0);
        arguments[33] = 0f;
        System.arraycopy(plain, 0, arguments, 0, 3);
        arguments[6] = plain[3];
        System.arraycopy(plain, 4, arguments, 10, 7);
        System.arraycopy(plain, 11, arguments, 24, 5);
        return arguments;
    }

    /** The values, after which nothing may have been written. */
    private float[] read(KernelFixture gpu, long address) {
        float[] all = gpu.read(address, rows * columns + 1);
        assertEquals(-1, Float.floatToRawIntBits(all[rows * columns]), "what lies behind the output");
        return Arrays.copyOf(all, rows * columns);
    }

    /** The order of {@code docs/numerics.md}. */
    Result inOrder() {
        var out = new float[weights.length][rows * columns];
        float[] pre = function == null ? null : new float[rows * columns];
        for (int part = 0; part < weights.length; part++) {
            for (int r = 0; r < rows; r++) {
                for (int n = 0; n < columns; n++) {
                    float sum = 0;
                    for (int k = 0; k < depth; k++) {
                        sum = Math.fma(x[r * depth + k], weights[part][n * depth + k], sum);
                    }
                    sum = biases == null ? sum : sum + biases[part][n];
                    if (pre != null) {
                        pre[r * columns + n] = sum;
                    }
                    out[part][r * columns + n] = function == null ? sum : Formulas.activate(function, sum);
                }
            }
        }
        return new Result(out, pre);
    }

    void requireOrder(String what, Result got) {
        Result expected = inOrder();
        for (int part = 0; part < weights.length; part++) {
            requireSameBits(what + " part " + part, expected.out[part], got.out[part]);
        }
        if (expected.pre != null) {
            requireSameBits(what + " before the function", expected.pre, got.pre);
        }
    }

    static void requireSameBits(String what, float[] expected, float @Nullable [] got) {
        for (int i = 0; i < expected.length; i++) {
            if (got == null || Float.floatToRawIntBits(expected[i]) != Float.floatToRawIntBits(got[i])) {
                fail("%s: at %d of %d expected %a, got %s"
                        .formatted(
                                what,
                                i,
                                expected.length,
                                expected[i],
                                got == null ? "nothing" : Float.toHexString(got[i])));
            }
        }
    }

    /**
     * Holds the sums before the function against float64: an error may be a share of the sum of the magnitudes of the products.
     *
     * @param share of sum |x[k] w[k][n]| + |bias|
     */
    void requireClose(String what, Result got, double share) {
        for (int part = 0; part < weights.length; part++) {
            float[] sums = got.pre == null ? got.out[part] : got.pre;
            for (int i = 0; i < sums.length; i++) {
                requireClose(what + " part " + part, part, i / columns, i % columns, sums[i], share);
            }
        }
    }

    private void requireClose(String what, int part, int row, int column, float got, double share) {
        double bias = biases == null ? 0 : biases[part][column];
        double sum = bias;
        double magnitude = Math.abs(bias);
        for (int k = 0; k < depth; k++) {
            double product = (double) x[row * depth + k] * weights[part][column * depth + k];
            sum += product;
            magnitude += Math.abs(product);
        }
        double error = Math.abs(sum - got);
        if (!(error <= share * magnitude)) {
            fail("%s: row %d, column %d: expected %.9g, got %.9g, %.2f of the bound"
                    .formatted(what, row, column, sum, got, error / (share * magnitude)));
        }
    }
}
