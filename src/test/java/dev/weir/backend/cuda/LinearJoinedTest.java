package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is joined to a product of few rows has the bits of the kernel that does it alone. */
@Tag("cuda")
class LinearJoinedTest {

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

    /** A launch of the product, of which a test sets what it needs. */
    private final class Product {
        private final LinearCase c;
        private final Object[] arguments = new Object[34];
        private final boolean isMade;
        private final int blocks;

        Product(LinearCase c, boolean isMade, int blocks) {
            this.c = c;
            this.isMade = isMade;
            this.blocks = blocks;
            Arrays.fill(arguments, 0, ROWS, 0L);
            Arrays.fill(arguments, ROWS, arguments.length - 1, 0);
            for (int part = 0; part < c.weights().length; part++) {
                arguments[11 + part] = gpu.weights(c.type(), c.weights()[part], c.depth());
                arguments[14 + part] = gpu.floats(c.biases()[part]);
            }
            arguments[ROWS] = c.rows();
            arguments[ROWS + 1] = c.depth();
            arguments[ROWS + 2] = WeightLayout.stride(c.depth(), c.type());
            arguments[ROWS + 3] = c.columns();
            arguments[ROWS + 4] = c.function() == null ? -1 : c.function().ordinal();
            arguments[arguments.length - 1] = EPSILON;
        }

        Product with(int argument, Object value) {
            arguments[argument] = value;
            return this;
        }

        void run() {
            int[] grid = {blocks, Math.ceilDiv(c.rows(), 8), c.weights().length};
            int made = isMade ? Math.min(c.rows(), 8) * Math.ceilDiv(c.depth(), 4) * 16 : 0;
            gpu.runWithShared(Kernel.of("LINEAR_GEMV", c.type()), grid, BLOCK, made, arguments);
        }
    }

    private static final int OUT = 0;
    private static final int CACHE = 3;
    private static final int PRE = 6;
    private static final int SCALE = 7;
    private static final int NORMALIZED = 8;
    private static final int MADE = 9;
    private static final int X = 10;
    private static final int RESIDUAL = 17;
    private static final int NORM_WEIGHT = 18;
    private static final int NORM_BIAS = 19;
    private static final int PARTIAL = 20;
    private static final int SLOTS = 21;
    private static final int POSITIONS = 22;
    private static final int PAGES = 23;
    private static final int ROWS = 24;
    private static final int CONTEXT = 29;
    private static final int PAGE_SHIFT = 30;
    private static final int HEADS = 31;
    private static final int SPLITS = 32;

    private static LinearCase product(DType type, int rows, int depth, int columns, int parts) {
        return LinearCase.random(type, rows, depth, columns, parts, true, null);
    }

    @ParameterizedTest
    @CsvSource({
        "FLOAT32, 1, 768, 20, 3",
        "FLOAT32, 5, 33, 9, 1",
        "BFLOAT16, 8, 64, 30, 1",
        "BFLOAT16, 1, 2100, 3, 1",
        "BFLOAT16, 2, 70, 17, 2",
        "FLOAT16, 3, 20, 8, 3",
        "FLOAT16, 7, 1, 1, 1"
    })
    void theNormOfItsRows(DType type, int rows, int depth, int columns, int parts) {
        LinearCase c = product(type, rows, depth, columns, parts);
        var random = new SplittableRandom(depth);
        long weight = gpu.floats(KernelFixture.values(depth, random));
        long bias = gpu.floats(KernelFixture.values(depth, random));
        float[] x = c.x();
        if (rows > 2) {
            x[2 * depth] = Float.NaN;
        }

        long out = gpu.output(rows * depth);
        long scale = gpu.output(rows);
        long normalized = gpu.output(rows * depth);
        gpu.runWithShared(
                Kernel.LAYER_NORM,
                new int[] {rows},
                BLOCK,
                depth * Float.BYTES,
                out,
                scale,
                normalized,
                gpu.floats(x),
                weight,
                bias,
                depth,
                EPSILON);
        LinearCase.Result expected = c.withX(gpu.read(out, rows * depth)).run(gpu, kernel(type), 8, 8, BLOCK);

        for (boolean shown : new boolean[] {true, false}) {
            long[] outs = new long[parts];
            var joined = new Product(c, true, 2)
                    .with(X, shown ? gpu.floats(x) : gpu.misalignedFloats(x))
                    .with(NORM_WEIGHT, weight)
                    .with(NORM_BIAS, bias);
            for (int part = 0; part < parts; part++) {
                outs[part] = gpu.output(rows * columns);
                joined.with(OUT + part, outs[part]);
            }
            long[] seen = {gpu.output(rows), gpu.output(rows * depth), gpu.output(rows * depth)};
            if (shown) {
                joined.with(SCALE, seen[0]).with(NORMALIZED, seen[1]).with(MADE, seen[2]);
            }
            joined.run();
            for (int part = 0; part < parts; part++) {
                KernelFixture.requireSame("part " + part, expected.out()[part], gpu.read(outs[part], rows * columns));
            }
            if (shown) {
                KernelFixture.requireSame("scale", gpu.read(scale, rows), gpu.read(seen[0], rows));
                KernelFixture.requireSame(
                        "normalized", gpu.read(normalized, rows * depth), gpu.read(seen[1], rows * depth));
                KernelFixture.requireSame("the norm", gpu.read(out, rows * depth), gpu.read(seen[2], rows * depth));
            }
        }
    }

    private static Kernel kernel(DType type) {
        return Kernel.of("LINEAR_GEMV", type);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void theResidualIsAddedAfterTheBias(DType type) {
        LinearCase c = product(type, 3, 100, 13, 1);
        float[] product = c.run(gpu, kernel(type), 8, 8, BLOCK).out()[0];
        float[] residual = KernelFixture.values(product.length, new SplittableRandom(1));
        residual[4] = Float.NaN;
        long out = gpu.output(product.length);
        long pre = gpu.output(product.length);
        new Product(c, false, 1)
                .with(X, gpu.floats(c.x()))
                .with(OUT, out)
                .with(PRE, pre)
                .with(RESIDUAL, gpu.floats(residual))
                .run();
        var expected = new float[product.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = residual[i] + product[i];
        }
        KernelFixture.requireSame("the sum", expected, gpu.read(out, expected.length));
        KernelFixture.requireSame("the branch", product, gpu.read(pre, expected.length));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keysAndValuesGoToTheCache(boolean shown) {
        keysAndValuesGoToTheCache(shown, CachePages.whole(2, 5), 4, 2, 0);
        keysAndValuesGoToTheCache(shown, CachePages.shuffled(2, 99, 5, new SplittableRandom(4)), 98, 31, 32);
    }

    private void keysAndValuesGoToTheCache(boolean shown, CachePages pages, int... positions) {
        int rows = 3;
        int columns = 11;
        int[] slots = {1, 0, 1};
        LinearCase c = product(DType.BFLOAT16, rows, 24, columns, 3);
        float[][] expected = c.run(gpu, kernel(c.type()), 8, 8, BLOCK).out();
        var before = new float[pages.rows() * columns];
        Arrays.fill(before, 7);
        long[] caches = {0, gpu.changing(before), gpu.changing(before)};
        long[] outs = {gpu.output(rows * columns), gpu.output(rows * columns), gpu.output(rows * columns)};
        var joined = new Product(c, false, 1)
                .with(X, gpu.floats(c.x()))
                .with(SLOTS, gpu.ints(slots))
                .with(POSITIONS, gpu.ints(positions))
                .with(PAGES, gpu.ints(pages.table()))
                .with(CONTEXT, pages.context())
                .with(PAGE_SHIFT, pages.shift());
        for (int part = 0; part < 3; part++) {
            joined.with(CACHE + part, caches[part]).with(OUT + part, shown || part == 0 ? outs[part] : 0L);
        }
        joined.run();
        for (int part = 0; part < 3; part++) {
            if (shown || part == 0) {
                KernelFixture.requireSame("part " + part, expected[part], gpu.read(outs[part], rows * columns));
            }
            if (part > 0) {
                float[] cache = before.clone();
                for (int row = 0; row < rows; row++) {
                    int line = pages.row(slots[row], positions[row]);
                    System.arraycopy(expected[part], row * columns, cache, line * columns, columns);
                }
                KernelFixture.requireSame("cache " + part, cache, gpu.read(caches[part], cache.length));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 3, 2", "10, 2, 3", "3, 1, 1", "80, 4, 8"})
    void theEndOfAttention(int headWidth, int heads, int rows) {
        int splits = 3;
        int context = 600;
        int depth = heads * headWidth;
        int columns = 19;
        var random = new SplittableRandom(headWidth);
        int[] positions = random.ints(rows, 0, context).toArray();
        LinearCase c = product(DType.FLOAT32, rows, depth, columns, 1);
        float[] partial = KernelFixture.values(rows * heads * splits * (headWidth + 2), random);
        long parts = gpu.floats(partial);
        long z = gpu.output(rows * depth);
        gpu.run(
                Kernel.ATTENTION_COMBINE,
                new int[] {heads, rows},
                BLOCK,
                z,
                parts,
                gpu.ints(positions),
                heads,
                headWidth,
                context,
                splits);
        float[] expected = c.withX(gpu.read(z, rows * depth))
                .run(gpu, kernel(c.type()), 8, 8, BLOCK)
                .out()[0];
        long out = gpu.output(rows * columns);
        long made = gpu.output(rows * depth);
        new Product(c, true, 2)
                .with(OUT, out)
                .with(MADE, made)
                .with(PARTIAL, parts)
                .with(POSITIONS, gpu.ints(positions))
                .with(CONTEXT, context)
                .with(HEADS, heads)
                .with(SPLITS, splits)
                .run();
        KernelFixture.requireSame("the product", expected, gpu.read(out, rows * columns));
        KernelFixture.requireSame("z", gpu.read(z, rows * depth), gpu.read(made, rows * depth));
    }

    @Test
    void aNormThatIsNotANumberReachesEveryOutputOfItsRowAndNoOther() {
        LinearCase c = product(DType.BFLOAT16, 2, 40, 9, 1);
        c.x()[7] = Float.NaN;
        long out = gpu.output(18);
        float[] ones = new float[40];
        Arrays.fill(ones, 1);
        new Product(c, true, 1)
                .with(X, gpu.floats(c.x()))
                .with(OUT, out)
                .with(NORM_WEIGHT, gpu.floats(ones))
                .with(NORM_BIAS, gpu.floats(ones))
                .run();
        float[] got = gpu.read(out, 18);
        for (int i = 0; i < 18; i++) {
            assertTrue(i < 9 == Float.isNaN(got[i]));
        }
    }
}
