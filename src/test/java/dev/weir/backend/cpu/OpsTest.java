package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.Backend;
import dev.weir.backend.WeightView;
import dev.weir.backend.cpu.vector.VectorKernels;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.program.Activation;
import dev.weir.program.Inputs;
import dev.weir.program.Op.CacheKind;
import dev.weir.program.Pages;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.program.Program;
import dev.weir.program.ProgramWriter;
import dev.weir.program.ProgramWriter.Affine;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/**
 * Each op as a program of its own, on random shapes: scalar and vector kernels and any number of threads return the same bits, and
 * these are close to float64. Rows of values come from a table, by token id.
 */
class OpsTest {

    private static final int ROWS_OF_TABLE = 64;

    /** A program being written, its weights, and the rows that it runs on. */
    private static final class Bench {
        final Random random;
        final Rows rows;
        final Inputs inputs;
        final ProgramWriter writer;
        final Map<Tensor, WeightView> weights = new HashMap<>();
        final Map<Tensor, float[]> values = new HashMap<>();
        final List<Tensor> state = new ArrayList<>();
        private int nextId;

        Bench(long seed, Rows rows) {
            this.random = new Random(seed);
            this.rows = rows;
            inputs = new Inputs(
                    input("tokens", rows.count()),
                    input("positions", rows.count()),
                    input("slots", rows.count()),
                    input("outputs", rows.outputs().length));
            writer = new ProgramWriter(inputs);
        }

        private Tensor input(String name, int count) {
            return new Tensor(nextId++, name, DType.INT32, count, 1, Tensor.Role.STATE);
        }

        Tensor weight(DType type, int rows, int columns) {
            Tensor weight = new Tensor(nextId++, "w" + nextId, type, rows, columns, Tensor.Role.WEIGHT);
            MemorySegment data = Arena.ofAuto().allocate(weight.bytes(), 4);
            float[] ordinary = Values.random(random, rows * columns);
            for (int i = 0; i < ordinary.length; i++) {
                type.write(data, (long) i * type.bytes(), ordinary[i]);
                ordinary[i] = type.read(data, (long) i * type.bytes());
            }
            weights.put(weight, WeightView.rowMajor(data, type, columns));
            values.put(weight, ordinary);
            return weight;
        }

        float[] valuesOf(Tensor weight) {
            return values.get(weight) instanceof float[] known ? known : new float[0];
        }

        /** Rows of values, and what they are. */
        Tensor rows(int columns) {
            Tensor table = weight(DType.FLOAT32, ROWS_OF_TABLE, columns);
            Tensor rowsOfTable = writer.embed(table, inputs.tokens());
            float[] whole = valuesOf(table);
            var taken = new float[rows.count() * columns];
            for (int r = 0; r < rows.count(); r++) {
                System.arraycopy(whole, rows.tokens()[r] * columns, taken, r * columns, columns);
            }
            values.put(rowsOfTable, taken);
            return rowsOfTable;
        }

        Pages pages(int slots, int context) {
            var table = new Tensor(nextId++, "pages", DType.INT32, slots, 1, Tensor.Role.STATE);
            state.add(table);
            return new Pages(table, context, Pages.WHOLE);
        }

        Tensor cache(int slots, int context, int columns) {
            var cache =
                    new Tensor(nextId++, "cache" + nextId, DType.FLOAT32, slots * context, columns, Tensor.Role.STATE);
            state.add(cache);
            return cache;
        }

        /** The result, in the same bits from every machine. */
        float[] run(Tensor result) {
            return run(writer.results(result), Hooks.NONE).getFirst();
        }

        /** The result and the values of the taps, in the same bits from every machine. */
        List<float[]> run(Program program, Hooks hooks) {
            List<float[]> expected = List.of();
            for (int threads : new int[] {1, 2, 3, 5}) {
                for (boolean vectors : new boolean[] {false, true}) {
                    for (boolean fused : new boolean[] {false, true}) {
                        var plan = fused ? Planner.plan(program, hooks) : Planner.planUnfused(program, hooks);
                        try (var backend = new CpuBackend(threads, vectors ? VectorKernels::new : ScalarKernels::new);
                                Backend.LoadedWeights loaded = backend.load(weights);
                                Backend.Workspace workspace = loaded.allocate(state)) {
                            Backend.Executable executable = workspace.compile(plan);
                            poison((CpuWorkspace) workspace);
                            Backend.Run run = executable.run(rows);
                            var seen = new ArrayList<float[]>();
                            seen.add(floats(run.read(plan.results().getFirst())));
                            plan.taps().values().forEach(t -> seen.add(floats(run.read(t))));
                            if (expected.isEmpty()) {
                                expected = seen;
                            }
                            for (int i = 0; i < seen.size(); i++) {
                                assertArrayEquals(Values.bits(expected.get(i)), Values.bits(seen.get(i)));
                            }
                        }
                    }
                }
            }
            return expected;
        }

        /** What a plan does not write is not a number, nor is what it must not see of a cache. */
        private void poison(CpuWorkspace workspace) {
            workspace.slab(Plan.Slab.SCRATCH).memory().fill((byte) 0xff);
            workspace.slab(Plan.Slab.TRACE).memory().fill((byte) 0xff);
            state.stream()
                    .filter(tensor -> tensor.type() == DType.FLOAT32)
                    .forEach(
                            cache -> workspace.cache(cache).head(0, 0, 0).data().fill((byte) 0xff));
        }

        private static float[] floats(MemorySegment memory) {
            return memory.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    private static final DType[] TYPES = {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16};
    private static final double HALF_ULP = 0x1p-24;

    private static void assertClose(double expected, float got, double bound) {
        assertTrue(Math.abs(expected - got) <= bound, () -> "expected %s, got %s, %.2f of the bound"
                .formatted(expected, got, Math.abs(expected - got) / bound));
    }

    /** Rows of slot 0 from position 0 on, of random tokens; every row is wanted. */
    private static Rows someRows(Random random, int count) {
        var positions = new int[count];
        var outputs = new int[count];
        var tokens = new int[count];
        for (int r = 0; r < count; r++) {
            positions[r] = r;
            outputs[r] = r;
            tokens[r] = random.nextInt(ROWS_OF_TABLE);
        }
        return new Rows(new int[count], positions, tokens, outputs);
    }

    @Property(tries = 40)
    void linear(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 40) int rows,
            @ForAll @IntRange(min = 1, max = 90) int depth,
            @ForAll @IntRange(min = 1, max = 140) int columns,
            @ForAll @IntRange(max = 2) int type,
            @ForAll boolean hasBias) {
        var bench = new Bench(seed, someRows(new Random(seed), rows));
        Tensor x = bench.rows(depth);
        Tensor w = bench.weight(TYPES[type], depth, columns);
        Tensor b = bench.weight(DType.FLOAT32, 1, columns);
        Tensor out = hasBias ? bench.writer.linear(x, new Affine(w, b)) : bench.writer.linear(x, w);
        float[] got = bench.run(out);
        for (int r = 0; r < rows; r++) {
            for (int n = 0; n < columns; n++) {
                double sum = hasBias ? bench.valuesOf(b)[n] : 0;
                double size = Math.abs(sum);
                for (int k = 0; k < depth; k++) {
                    double term = (double) bench.valuesOf(x)[r * depth + k] * bench.valuesOf(w)[k * columns + n];
                    sum += term;
                    size += Math.abs(term);
                }
                assertClose(sum, got[r * columns + n], (depth + 2) * size * HALF_ULP);
            }
        }
    }

    @Property(tries = 30)
    void linearThenActivation(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 12) int rows,
            @ForAll @IntRange(min = 1, max = 140) int columns,
            @ForAll Activation function,
            @ForAll boolean shown) {
        var bench = new Bench(seed, someRows(new Random(seed), rows));
        Tensor x = bench.rows(9);
        Tensor w = bench.weight(DType.FLOAT32, 9, columns);
        Tensor before = bench.writer.hook(0, Site.MLP_PRE, bench.writer.linear(x, w));
        Program program = bench.writer.results(bench.writer.activate(before, function));
        Hooks hooks = shown ? Hooks.tap(program.points()) : Hooks.NONE;
        List<float[]> got = bench.run(program, hooks);
        if (shown) {
            for (int i = 0; i < rows * columns; i++) {
                float value = got.get(1)[i];
                assertEquals(Formulas.activate(function, value), got.get(0)[i]);
            }
        }
    }

    @Property(tries = 20)
    void linearsOfTheSameRows(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 120) int rows,
            @ForAll @IntRange(min = 1, max = 60) int columns) {
        var bench = new Bench(seed, someRows(new Random(seed), rows));
        Tensor x = bench.rows(20);
        Tensor a = bench.writer.linear(x, bench.weight(DType.FLOAT32, 20, columns));
        Tensor b = bench.writer.linear(x, bench.weight(DType.BFLOAT16, 20, columns + 5));
        Tensor c = bench.writer.linear(x, bench.weight(DType.FLOAT16, 20, columns));
        Tensor product = bench.writer.linear(b, bench.weight(DType.FLOAT32, columns + 5, columns));
        bench.run(bench.writer.add(bench.writer.add(a, c), product));
    }

    @Property(tries = 30)
    void sumAndNorm(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 40) int rows,
            @ForAll @IntRange(min = 1, max = 200) int columns,
            @ForAll boolean shown) {
        var bench = new Bench(seed, someRows(new Random(seed), rows));
        Tensor a = bench.rows(columns);
        Tensor b = bench.rows(columns);
        Tensor w = bench.weight(DType.FLOAT32, 1, columns);
        Tensor bias = bench.weight(DType.FLOAT32, 1, columns);
        Tensor sum = bench.writer.add(a, b);
        var norm = bench.writer.layerNorm(sum, new Affine(w, bias), 1e-5f);
        bench.writer.hook(0, Site.LN1_SCALE, norm.scale());
        bench.writer.hook(0, Site.LN1_NORMALIZED, norm.normalized());
        Program program = bench.writer.results(norm.out());
        List<float[]> got = bench.run(program, shown ? Hooks.tap(program.points()) : Hooks.NONE);
        for (int r = 0; r < rows; r++) {
            var x = new double[columns];
            double mean = 0;
            for (int c = 0; c < columns; c++) {
                x[c] = bench.valuesOf(a)[r * columns + c] + bench.valuesOf(b)[r * columns + c];
                mean += x[c] / columns;
            }
            double variance = 0;
            double size = 0;
            for (double value : x) {
                variance += (value - mean) * (value - mean) / columns;
                size = Math.max(size, Math.abs(value));
            }
            double scale = Math.sqrt(variance + 1e-5f);
            if (shown) {
                assertClose(scale, got.get(1)[r], (columns + 8) * (size + scale) * HALF_ULP);
            }
            for (int c = 0; c < columns; c++) {
                double normalized = (x[c] - mean) / scale;
                double weighted = normalized * bench.valuesOf(w)[c];
                double bound = (columns + 8) * HALF_ULP * (size / scale + 1) * (1 + Math.abs(normalized));
                if (shown) {
                    assertClose(normalized, got.get(2)[r * columns + c], bound);
                }
                double weightedBound = bound * Math.abs(bench.valuesOf(w)[c]) + Math.ulp((float) weighted);
                assertClose(
                        weighted + bench.valuesOf(bias)[c],
                        got.get(0)[r * columns + c],
                        weightedBound + Math.ulp(bench.valuesOf(bias)[c]));
            }
        }
    }

    @Property(tries = 40)
    void attention(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 40) int rows,
            @ForAll @IntRange(min = 1, max = 3) int heads,
            @ForAll @IntRange(min = 1, max = 80) int headWidth,
            @ForAll boolean shown) {
        int context = rows + 3;
        int columns = heads * headWidth;
        var bench = new Bench(seed, someRows(new Random(seed), rows));
        Tensor q = bench.rows(columns);
        Tensor k = bench.rows(columns);
        Tensor v = bench.rows(columns);
        Pages pages = bench.pages(1, context);
        Tensor keys = bench.writer.append(bench.cache(1, context, columns), k, pages, CacheKind.KEYS);
        Tensor values = bench.writer.append(bench.cache(1, context, columns), v, pages, CacheKind.VALUES);
        float scale = 0.01f;
        var attended = bench.writer.attention(q, keys, values, pages, heads, context, scale);
        bench.writer.hook(0, Site.ATTN_SCORES, attended.scores());
        bench.writer.hook(0, Site.PATTERN, attended.pattern());
        Program program = bench.writer.results(attended.z());
        List<float[]> got = bench.run(program, shown ? Hooks.tap(program.points()) : Hooks.NONE);

        for (int r = 0; r < rows; r++) {
            for (int h = 0; h < heads; h++) {
                double[] scores = new double[r + 1];
                double max = Double.NEGATIVE_INFINITY;
                double size = 0;
                for (int j = 0; j <= r; j++) {
                    for (int i = 0; i < headWidth; i++) {
                        double term = (double) bench.valuesOf(q)[r * columns + h * headWidth + i]
                                * bench.valuesOf(k)[j * columns + h * headWidth + i];
                        scores[j] += term * scale;
                        size += Math.abs(term * scale);
                    }
                    max = Math.max(max, scores[j]);
                }
                double sum = 0;
                for (double score : scores) {
                    sum += Math.exp(score - max);
                }
                double relative = (2 * (headWidth + 2) * (size + Math.abs(max)) + rows + 16) * HALF_ULP;
                for (int j = 0; shown && j < context; j++) {
                    int at = (r * heads + h) * context + j;
                    if (j > r) {
                        assertEquals(Float.NEGATIVE_INFINITY, got.get(1)[at]);
                        assertEquals(0, got.get(2)[at]);
                    } else {
                        assertClose(scores[j], got.get(1)[at], (headWidth + 2) * size * HALF_ULP);
                        assertClose(Math.exp(scores[j] - max) / sum, got.get(2)[at], relative);
                    }
                }
                for (int i = 0; i < headWidth; i++) {
                    double mixed = 0;
                    double mixedSize = 0;
                    for (int j = 0; j <= r; j++) {
                        double value = bench.valuesOf(v)[j * columns + h * headWidth + i];
                        mixed += Math.exp(scores[j] - max) / sum * value;
                        mixedSize += Math.abs(value);
                    }
                    assertClose(mixed, got.get(0)[r * columns + h * headWidth + i], relative * mixedSize);
                }
            }
        }
    }

    @Property(tries = 20)
    void resultsOfHeads(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 30) int rows,
            @ForAll @IntRange(min = 1, max = 5) int heads,
            @ForAll @IntRange(min = 1, max = 20) int headWidth,
            @ForAll @IntRange(min = 1, max = 60) int columns) {
        int depth = heads * headWidth;
        var bench = new Bench(seed, someRows(new Random(seed), rows));
        Tensor z = bench.rows(depth);
        Tensor w = bench.weight(DType.BFLOAT16, depth, columns);
        float[] got = bench.run(bench.writer.headResults(z, w, heads));
        for (int r = 0; r < rows; r++) {
            for (int h = 0; h < heads; h++) {
                for (int n = 0; n < columns; n++) {
                    float sum = 0;
                    for (int i = h * headWidth; i < (h + 1) * headWidth; i++) {
                        sum = Math.fma(bench.valuesOf(z)[r * depth + i], bench.valuesOf(w)[i * columns + n], sum);
                    }
                    assertEquals(sum, got[(r * heads + h) * columns + n]);
                }
            }
        }
    }

    @Test
    void aRowThatIsWantedIsCopied() {
        var rows = new Rows(new int[5], new int[] {0, 1, 2, 3, 4}, new int[] {9, 3, 7, 3, 1}, new int[] {1, 4});
        var bench = new Bench(1, rows);
        Tensor x = bench.rows(6);
        float[] got = bench.run(bench.writer.select(x, bench.inputs.outputs()));
        assertArrayEquals(Arrays.copyOfRange(bench.valuesOf(x), 6, 12), Arrays.copyOf(got, 6));
        assertArrayEquals(Arrays.copyOfRange(bench.valuesOf(x), 24, 30), Arrays.copyOfRange(got, 6, 12));
    }

    @Test
    void aTableIsRoundedToTheTypeOfItsTensor() {
        var bench = new Bench(1, someRows(new Random(1), 4));
        Tensor table = new Tensor(99, "table", DType.BFLOAT16, ROWS_OF_TABLE, 3, Tensor.Role.WEIGHT);
        MemorySegment data = Arena.ofAuto().allocate(table.size() * Float.BYTES);
        for (int i = 0; i < table.size(); i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1 + i * 0.001f);
        }
        bench.weights.put(table, WeightView.rowMajor(data, DType.FLOAT32, 3));
        float[] got = bench.run(bench.writer.embed(table, bench.inputs.tokens()));
        for (int i = 0; i < got.length; i++) {
            float stored = 1 + (bench.rows.tokens()[i / 3] * 3 + i % 3) * 0.001f;
            assertEquals(0, Float.floatToRawIntBits(got[i]) & 0xffff);
            assertEquals(stored, got[i], 1f / 256);
        }
    }

    @Test
    void aFloat16MatrixMayHoldInfinities() {
        var bench = new Bench(1, someRows(new Random(1), 3));
        Tensor x = bench.rows(2);
        Tensor w = new Tensor(98, "w", DType.FLOAT16, 2, 40, Tensor.Role.WEIGHT);
        MemorySegment data = Arena.ofAuto().allocate(w.size() * Float.BYTES);
        data.fill((byte) 0);
        data.setAtIndex(ValueLayout.JAVA_FLOAT, 7, 1e30f);
        bench.weights.put(w, WeightView.rowMajor(data, DType.FLOAT32, 40));
        float[] got = bench.run(bench.writer.linear(x, w));
        for (int r = 0; r < 3; r++) {
            assertTrue(Float.isInfinite(got[r * 40 + 7]));
            assertEquals(0, got[r * 40 + 8]);
        }
    }
}
