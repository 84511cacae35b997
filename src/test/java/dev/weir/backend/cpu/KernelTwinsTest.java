package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weir.backend.cpu.Kernels.Normalization;
import dev.weir.backend.cpu.vector.VectorKernels;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The vector kernels, and those of the first moments, return the bits of the scalar ones, on shapes that fit no register. */
class KernelTwinsTest {

    private final Kernels scalar = new ScalarKernels();
    private final Kernels vector = new VectorKernels();
    private final Kernels early = new EarlyKernels(vector.panelWidth(), vector.tileRows());

    private void assertTwins(Function<Kernels, float[]> operation) {
        int[] expected = Values.bits(operation.apply(scalar));
        assertArrayEquals(expected, Values.bits(operation.apply(vector)));
        assertArrayEquals(expected, Values.bits(operation.apply(early)));
    }

    /** Other machines have taller tiles than this one; all are tested here. */
    @Property(tries = 600)
    void products(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 40) int rows,
            @ForAll @IntRange(min = 1, max = 8) int tileRows,
            @ForAll @IntRange(min = 1, max = 90) int depth,
            @ForAll @IntRange(min = 1, max = 150) int columns,
            @ForAll @IntRange(max = 3) int type,
            @ForAll boolean onward) {
        var random = new Random(seed);
        float[] x = Values.random(random, rows * depth);
        float[] w = Values.random(random, depth * columns);
        float[] before = Values.random(random, rows * columns);
        DType stored = new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16, DType.INT8}[type];
        assertTwins(kernels -> {
            Window out = onward ? Values.window(before, columns) : Values.poisoned(rows, columns);
            RowTiles tiles = Values.tiles(tileRows, x, depth);
            Panels panels = Values.panels(kernels, stored, w, columns);
            kernels.multiply(tiles, 0, tiles.count(), panels, 0, columns, out, 0, onward);
            return Values.read(out, rows, columns);
        });
    }

    @Property(tries = 40)
    void productsOfManyDepths(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 9) int rows,
            @ForAll @IntRange(min = 1, max = 8) int tileRows,
            @ForAll @IntRange(min = 700, max = 2000) int depth,
            @ForAll @IntRange(max = 3) int type) {
        products(seed, rows, tileRows, depth, 70, type, false);
    }

    /** A head's rows of the output matrix begin anywhere in a block of int8. */
    @Property(tries = 100)
    void someDepthsOfInt8(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 6) int rows,
            @ForAll @IntRange(min = 1, max = 400) int skipped,
            @ForAll @IntRange(min = 1, max = 400) int depth) {
        float[] x = Values.random(new Random(seed), rows * depth);
        float[] w = Values.random(new Random(seed + 1), (skipped + depth + 3) * 37);
        assertTwins(kernels -> {
            Window out = Values.poisoned(rows, 37);
            RowTiles tiles = Values.tiles(kernels.tileRows(), x, depth);
            Panels part = Values.panels(kernels, DType.INT8, w, 37).depths(skipped / 2, skipped + depth);
            part = part.depths(skipped - skipped / 2, skipped - skipped / 2 + depth);
            kernels.multiply(tiles, 0, tiles.count(), part, 0, 37, out, 0, false);
            return Values.read(out, rows, 37);
        });
    }

    @Property(tries = 40)
    void someTilesOfMany(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 30) int rows,
            @ForAll @IntRange(min = 1, max = 8) int tileRows) {
        float[] x = Values.random(new Random(seed), rows * 11);
        float[] w = Values.random(new Random(seed + 1), 11 * 37);
        assertTwins(kernels -> {
            Window out = Values.poisoned(rows, 37);
            RowTiles tiles = Values.tiles(tileRows, x, 11);
            int from = tiles.count() / 3;
            Panels panels = Values.panels(kernels, DType.FLOAT32, w, 37);
            kernels.multiply(tiles, from, tiles.count(), panels, 0, 37, out, 0, false);
            return Values.read(out, rows, 37);
        });
    }

    /** What lies beside the columns that are asked for, above the rows and below the depths stays as it is. */
    @Property(tries = 200)
    void someColumnsAndDepthsOfMany(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 9) int rows,
            @ForAll @IntRange(min = 1, max = 60) int depth,
            @ForAll @IntRange(max = 2) int panel,
            @ForAll @IntRange(min = 1, max = 150) int count,
            @ForAll @IntRange(max = 3) int type) {
        float[] x = Values.random(new Random(seed), rows * depth);
        float[] w = Values.random(new Random(seed + 1), (depth + 5) * 260);
        DType stored = new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16, DType.INT8}[type];
        assertTwins(kernels -> {
            int widest = 32; // a panel begins there, whichever kernels these are
            int from = panel * widest;
            int to = Math.min(260, from + count);
            Window out = Values.window(new float[(rows + 2) * 260], 260);
            RowTiles tiles = Values.tiles(kernels.tileRows(), x, depth);
            Panels panels = Values.panels(kernels, stored, w, 260);
            kernels.multiply(tiles, 0, tiles.count(), panels, from, to, out, 2, false);
            return Values.read(out, rows + 2, 260);
        });
    }

    /** Every exponent, ties, both zeros, infinities, and NaN whose bits all lie in the half that is dropped. */
    @Property(tries = 100)
    void bfloat16(@ForAll long seed, @ForAll @IntRange(min = 1, max = 70) int columns) {
        var random = new Random(seed);
        var x = new float[3 * columns];
        for (int i = 0; i < x.length; i++) {
            x[i] = switch (random.nextInt(6)) {
                case 0 -> Float.intBitsToFloat(random.nextInt() & 0xffff0000 | 0x8000);
                case 1 -> Float.intBitsToFloat(0x7f800001);
                case 2 -> Float.NEGATIVE_INFINITY;
                default -> Float.intBitsToFloat(random.nextInt());
            };
        }
        Window rows = Values.window(x, columns);
        assertTwins(kernels -> {
            MemorySegment out = Arena.ofAuto().allocate(2L * x.length, 64);
            kernels.bfloat16(rows, 3, columns, out);
            var widened = new float[x.length];
            for (int i = 0; i < x.length; i++) {
                widened[i] = DType.BFLOAT16.read(out, 2L * i);
            }
            return widened;
        });
    }

    @Test
    void memoryThatIsNotThereIsRefused() {
        Window tooShort = Values.window(new float[10], 10);
        assertThrows(IndexOutOfBoundsException.class, () -> vector.add(tooShort, tooShort, 0, 2, 20, tooShort));
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = arena.allocate(40, 4);
        }
        Window gone = new Window(closed, 0, 10);
        assertThrows(IllegalStateException.class, () -> vector.scale(gone, 0, 10, 2));
        Window onHeap = new Window(MemorySegment.ofArray(new float[10]), 0, 10);
        assertThrows(IllegalArgumentException.class, () -> vector.softmax(onHeap, 0, 10));
    }

    @Property(tries = 100)
    void additions(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 5) int rows,
            @ForAll @IntRange(min = 1, max = 100) int columns) {
        var random = new Random(seed);
        float[] a = Values.random(random, rows * columns);
        float[] b = Values.random(random, rows * columns);
        assertTwins(kernels -> {
            Window out = Values.poisoned(rows, columns);
            kernels.add(Values.window(a, columns), Values.window(b, columns), 0, rows, columns, out);
            kernels.addBias(out, rows / 2, rows, columns / 3, columns, Values.window(b, columns));
            return Values.read(out, rows, columns);
        });
    }

    @Property(tries = 100)
    void productsOfTwoRows(@ForAll long seed, @ForAll @IntRange(min = 1, max = 150) int columns) {
        var random = new Random(seed);
        float[] a = Values.random(random, columns);
        float[] b = Values.random(random, columns);
        assertTwins(kernels -> {
            Window out = Values.poisoned(1, columns + 1);
            float dot = kernels.dot(Values.window(a, columns), 0, Values.window(b, columns), 0, columns);
            kernels.addScaled(Values.window(a, columns), 0, dot, Values.window(b, columns), 0, columns, out);
            out.set(0, columns, dot);
            return Values.read(out, 1, columns + 1);
        });
    }

    @Property(tries = 300)
    void norms(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 5) int rows,
            @ForAll @IntRange(min = 1, max = 150) int columns,
            @ForAll boolean shown) {
        var random = new Random(seed);
        float[] x = Values.random(random, rows * columns);
        float[] weight = Values.random(random, columns);
        float[] bias = Values.random(random, columns);
        assertTwins(kernels -> {
            Window out = Values.poisoned(rows, 2 * columns + 1);
            Window scale = out.from(0, 2L * columns);
            Window normalized = out.from(0, columns);
            kernels.normalize(
                    new Normalization(
                            Values.window(weight, columns),
                            Values.window(bias, columns),
                            1e-5f,
                            out,
                            shown ? scale : null,
                            shown ? normalized : null),
                    Values.window(x, columns),
                    0,
                    rows,
                    columns);
            return Values.read(out, rows, 2 * columns + 1);
        });
    }

    @Property(tries = 300)
    void softmaxes(@ForAll long seed, @ForAll @IntRange(min = 1, max = 200) int columns) {
        var random = new Random(seed);
        float[] x = Values.random(random, columns);
        float factor = random.nextFloat();
        assertTwins(kernels -> {
            Window values = Values.window(x, columns);
            kernels.scale(values, 0, columns, factor);
            kernels.softmax(values, 0, columns);
            return Values.read(values, 1, columns);
        });
    }

    @Property(tries = 300)
    void largestValuesAndPowers(@ForAll long seed, @ForAll @IntRange(min = 1, max = 200) int columns) {
        var random = new Random(seed);
        float[] x = Values.random(random, columns);
        float temperature = 0.01f + random.nextFloat();
        assertTwins(kernels -> {
            Window values = Values.window(x, columns);
            float max = kernels.max(values, 0, columns);
            kernels.powers(values, 0, columns, max, temperature);
            return Values.read(values, 1, columns);
        });
    }

    @Property(tries = 300)
    void activations(
            @ForAll Activation function, @ForAll long seed, @ForAll @IntRange(min = 1, max = 100) int columns) {
        activationsOf(function, Values.random(new Random(seed), columns));
    }

    @Property(tries = 300)
    void activationsOfAnyBits(
            @ForAll Activation function, @ForAll long seed, @ForAll @IntRange(min = 1, max = 100) int columns) {
        var x = new float[columns];
        var random = new Random(seed);
        for (int i = 0; i < columns; i++) {
            x[i] = Float.intBitsToFloat(random.nextInt());
        }
        activationsOf(function, x);
    }

    private void activationsOf(Activation function, float[] x) {
        assertTwins(kernels -> {
            Window out = Values.poisoned(1, x.length);
            kernels.activate(function, Values.window(x, x.length), 0, 1, 0, x.length, out);
            return Values.read(out, 1, x.length);
        });
    }

    @Property(tries = 300)
    void whatIsNotANumberStaysNone(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 70) int columns, @ForAll @IntRange(max = 2) int which) {
        var random = new Random(seed);
        float[] x = Values.random(random, columns);
        x[random.nextInt(columns)] = new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}[which];
        assertTwins(kernels -> {
            Window values = Values.window(x, columns);
            kernels.softmax(values, 0, columns);
            return Values.read(values, 1, columns);
        });
        assertTwins(kernels -> {
            Window out = Values.poisoned(1, columns);
            var weights = Values.window(Values.random(new Random(1), columns), columns);
            kernels.normalize(
                    new Normalization(weights, weights, 1e-5f, out, null, null),
                    Values.window(x, columns),
                    0,
                    1,
                    columns);
            return Values.read(out, 1, columns);
        });
    }
}
