package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.Backend;
import dev.weir.backend.WeightView;
import dev.weir.backend.cpu.vector.VectorKernels;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.program.Inputs;
import dev.weir.program.Planner;
import dev.weir.program.Program;
import dev.weir.program.ProgramWriter;
import dev.weir.program.SamplerSettings;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The choice of tokens, on scalar and on vector kernels, against its definition written out with sorted lists and integers without bounds. */
class SampleTest {

    private static final SamplerSettings PLAIN = new SamplerSettings(false, 1, 1, 0, 1, 0, 5);
    private static final SamplerSettings GREEDY = new SamplerSettings(true, 1, 1, 0, 1, 0, 0);

    /** Rows of given logits: token id r brings row r of them, whatever its slot and position are. */
    private static final class Bench implements AutoCloseable {
        private final int vocabulary;
        private final Tensor samplers;
        private final Tensor seen;
        private final Tensor biases;
        private final Tensor table;
        private final CpuBackend backend;
        private final Backend.LoadedWeights loaded;
        private final Backend.Workspace workspace;

        Bench(Supplier<? extends Kernels> kernels, int slots, float[]... logits) {
            vocabulary = logits[0].length;
            samplers = new Tensor(10, "samplers", DType.INT32, slots, SamplerSettings.WORDS, Tensor.Role.STATE);
            seen = new Tensor(11, "seen", DType.INT32, slots, vocabulary, Tensor.Role.STATE);
            biases = new Tensor(13, "biases", DType.INT32, slots, vocabulary, Tensor.Role.STATE);
            table = new Tensor(12, "logits", DType.FLOAT32, logits.length, vocabulary, Tensor.Role.WEIGHT);
            MemorySegment data = Arena.ofAuto().allocate(table.bytes(), 4);
            for (int r = 0; r < logits.length; r++) {
                MemorySegment.copy(
                        logits[r], 0, data, ValueLayout.JAVA_FLOAT, (long) r * vocabulary * Float.BYTES, vocabulary);
            }
            backend = new CpuBackend(2, kernels);
            loaded = backend.load(Map.of(table, WeightView.rowMajor(data, DType.FLOAT32, vocabulary)));
            workspace = loaded.allocate(List.of(samplers, seen, biases));
        }

        void set(int slot, SamplerSettings settings) {
            workspace.write(samplers, (long) slot * SamplerSettings.WORDS, MemorySegment.ofArray(settings.words()));
        }

        void bias(int slot, float[] values) {
            int[] bits = IntStream.range(0, vocabulary)
                    .map(t -> Float.floatToRawIntBits(values[t]))
                    .toArray();
            workspace.write(biases, (long) slot * vocabulary, MemorySegment.ofArray(bits));
        }

        void see(int slot, int... tokens) {
            for (int token : tokens) {
                workspace.write(seen, (long) slot * vocabulary + token, MemorySegment.ofArray(new int[] {1}));
            }
        }

        /** The token that follows each of these rows. */
        int[] choose(int[] slots, int[] positions, int[] rowsOfLogits) {
            int count = slots.length;
            var inputs = new Inputs(
                    input(0, "tokens", count),
                    input(1, "positions", count),
                    input(2, "slots", count),
                    input(3, "outputs", count));
            var writer = new ProgramWriter(inputs);
            Program program =
                    writer.results(writer.sample(writer.embed(table, inputs.tokens()), samplers, seen, biases));
            var plan = Planner.plan(program, Hooks.NONE);
            int[] outputs = IntStream.range(0, count).toArray();
            Backend.Run run = workspace.compile(plan).run(new Rows(slots, positions, rowsOfLogits, outputs));
            return run.read(plan.results().getFirst()).toArray(ValueLayout.JAVA_INT);
        }

        private static Tensor input(int id, String name, int count) {
            return new Tensor(id, name, DType.INT32, count, 1, Tensor.Role.STATE);
        }

        @Override
        public void close() {
            workspace.close();
            loaded.close();
            backend.close();
        }
    }

    /** The token that follows position 0 of one row. */
    private static int choose(SamplerSettings settings, float... logits) {
        int[] chosen = new int[2];
        for (int kernels = 0; kernels < 2; kernels++) {
            try (var bench = new Bench(kernels == 0 ? ScalarKernels::new : VectorKernels::new, 1, logits)) {
                bench.set(0, settings);
                chosen[kernels] = bench.choose(new int[1], new int[1], new int[1])[0];
            }
        }
        assertEquals(chosen[0], chosen[1]);
        return chosen[0];
    }

    /** The definition in {@code docs/numerics.md}, line by line. */
    private static int expected(
            SamplerSettings s, float[] logits, boolean[] seen, int[] chosen, float[] biases, int position) {
        float[] l = logits.clone();
        for (int t = 0; t < l.length; t++) {
            if (s.penalises() && seen[t]) {
                l[t] = l[t] > 0 ? l[t] / s.penalty() : l[t] * s.penalty();
            }
            if (chosen[t] > 0) {
                l[t] = Math.fma(-s.frequency(), (float) chosen[t], l[t]) - s.presence();
            }
            if (s.biased()) {
                l[t] += biases[t];
            }
            if (Float.isNaN(l[t])) {
                return -1 - t;
            }
        }
        List<Integer> ids = IntStream.range(0, l.length).boxed().toList();
        int best = ids.stream().reduce(0, (a, b) -> l[b] > l[a] ? b : a);
        if (s.greedy()) {
            return best;
        }
        float[] weight = new float[l.length];
        for (int t : ids) {
            weight[t] = l[t] == l[best] ? 1 : Formulas.exp((l[t] - l[best]) / s.temperature());
        }
        List<Integer> kept = ids.stream()
                .sorted(Comparator.<Integer>comparingDouble(t -> -weight[t]).thenComparing(t -> t))
                .limit(s.topK() > 0 ? s.topK() : l.length)
                .toList();
        double enough = (double) s.topP() * sum(weight, kept).doubleValue();
        int size = s.topP() < 1 ? 0 : kept.size();
        for (BigInteger sum = BigInteger.ZERO; s.topP() < 1 && sum.doubleValue() < enough; size++) {
            sum = sum.add(share(weight[kept.get(size)]));
        }
        List<Integer> drawn = kept.subList(0, size).stream()
                .filter(t -> weight[t] >= s.minP())
                .sorted()
                .toList();
        BigInteger uniform = BigInteger.valueOf(Philox.below(1 << 24, s.seed(), position));
        BigInteger threshold = uniform.multiply(sum(weight, drawn)).shiftRight(24);
        BigInteger cumulative = BigInteger.ZERO;
        for (int t : drawn) {
            cumulative = cumulative.add(share(weight[t]));
            if (cumulative.compareTo(threshold) > 0) {
                return t;
            }
        }
        throw new AssertionError("nothing to draw from");
    }

    private static BigInteger share(float weight) {
        return new BigDecimal(weight).multiply(BigDecimal.valueOf(1L << 40)).toBigInteger();
    }

    private static BigInteger sum(float[] weight, List<Integer> tokens) {
        return tokens.stream().map(t -> share(weight[t])).reduce(BigInteger.ZERO, BigInteger::add);
    }

    private static float[] randomLogits(Random random, int vocabulary) {
        float spread = new float[] {0, 0.1f, 3, 30, 1e38f}[random.nextInt(5)];
        boolean ties = random.nextBoolean();
        float[] logits = new float[vocabulary];
        for (int t = 0; t < vocabulary; t++) {
            double value = ties ? random.nextInt(4) : random.nextGaussian();
            logits[t] = (float) (value * spread);
        }
        float[] odd = {Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, Float.NaN, -0f, Float.MIN_VALUE};
        for (int i = 0; i < odd.length; i++) {
            if (random.nextInt(8) == 0) {
                logits[random.nextInt(vocabulary)] = odd[i];
            }
        }
        if (random.nextInt(20) == 0) {
            Arrays.fill(logits, Float.NEGATIVE_INFINITY);
        }
        return logits;
    }

    private static SamplerSettings randomSettings(Random random) {
        return new SamplerSettings(
                random.nextInt(5) == 0,
                random.nextBoolean() ? 1 : 0.5f + random.nextFloat(),
                new float[] {0.01f, 0.7f, 1, 40}[random.nextInt(4)],
                random.nextBoolean() ? 0 : 1 + random.nextInt(random.nextBoolean() ? 5 : 2000),
                random.nextBoolean() ? 1 : new float[] {1e-6f, 0.3f, 0.95f, Math.nextDown(1f)}[random.nextInt(4)],
                random.nextBoolean() ? 0 : new float[] {1e-9f, 0.05f, 0.9f, 1}[random.nextInt(4)],
                random.nextBoolean() ? 0 : 2 * random.nextFloat() - 1,
                random.nextBoolean() ? 0 : 2 * random.nextFloat() - 1,
                random.nextBoolean(),
                random.nextLong());
    }

    @Property(tries = 300)
    void tokensAreThoseOfTheDefinition(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 1400) int vocabulary,
            @ForAll @IntRange(min = 1, max = 4) int slots,
            @ForAll boolean vectors) {
        var random = new Random(seed);
        float[][] logits = IntStream.range(0, slots)
                .mapToObj(slot -> randomLogits(random, vocabulary))
                .toArray(float[][]::new);
        boolean[][] seen = new boolean[slots][vocabulary];
        int[][] times = new int[slots][vocabulary];
        float[][] biases = new float[slots][vocabulary];
        try (var bench = new Bench(vectors ? VectorKernels::new : ScalarKernels::new, slots, logits)) {
            int[] all = IntStream.range(0, slots).toArray();
            SamplerSettings[] settings = new SamplerSettings[slots];
            for (int slot : all) {
                settings[slot] = randomSettings(random);
                bench.set(slot, settings[slot]);
                int token = random.nextInt(vocabulary);
                bench.see(slot, token);
                seen[slot][token] = true;
                biases[slot][random.nextInt(vocabulary)] = 40 * random.nextFloat() - 20;
                bench.bias(slot, biases[slot]);
            }
            for (int step = 0; step < 4; step++) {
                int[] positions = random.ints(slots, 0, 1000).toArray();
                int[] chosen = bench.choose(all, positions, all);
                for (int slot : all) {
                    int token = expected(
                            settings[slot], logits[slot], seen[slot], times[slot], biases[slot], positions[slot]);
                    assertEquals(token, chosen[slot], settings[slot] + " at " + positions[slot]);
                    if (token >= 0) {
                        seen[slot][token] = true;
                        times[slot][token]++;
                    }
                }
            }
        }
    }

    /** Of 20 000 draws each token has its share within four standard deviations; the seed is fixed, so this never varies. */
    @Test
    void tokensAreDrawnWithTheirProbabilities() {
        int draws = 20_000;
        int vocabulary = 40;
        var random = new Random(3);
        float[] logits = new float[vocabulary];
        for (int t = 0; t < vocabulary; t++) {
            logits[t] = (float) (2 * random.nextGaussian());
        }
        double[] weight = new double[vocabulary];
        for (float temperature : new float[] {0.6f, 1, 1.7f}) {
            Arrays.setAll(weight, t -> Math.exp(logits[t] / temperature));
            double total = Arrays.stream(weight).sum();
            int[] counts = new int[vocabulary];
            try (var bench = new Bench(ScalarKernels::new, 1, logits)) {
                bench.set(0, new SamplerSettings(false, 1, temperature, 0, 1, 0, 11));
                int[] zeros = new int[draws];
                for (int token : bench.choose(zeros, IntStream.range(0, draws).toArray(), zeros)) {
                    counts[token]++;
                }
            }
            for (int t = 0; t < vocabulary; t++) {
                double p = weight[t] / total;
                assertEquals(p * draws, counts[t], 4 * Math.sqrt(p * draws) + 2, "token " + t);
            }
        }
    }

    @Test
    void greedyTakesTheFirstOfTheMostLikely() {
        assertEquals(1, choose(GREEDY, 0, 3, 3, 1));
        assertEquals(0, choose(GREEDY, -5, -5));
        assertEquals(0, choose(GREEDY, -0f, 0f));
        assertEquals(2, choose(GREEDY, 0, 1, Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY));
    }

    @Test
    void theFirstThatIsNotANumberIsNamed() {
        for (SamplerSettings settings : List.of(GREEDY, PLAIN)) {
            assertEquals(-2, choose(settings, 0, Float.NaN, 1, Float.NaN));
            assertEquals(-1, choose(settings, Float.NaN));
        }
    }

    @Test
    void infiniteLogitsShareAllOfTheDraw() {
        float most = Float.POSITIVE_INFINITY;
        for (int position = 0; position < 20; position++) {
            assertEquals(1, choose(new SamplerSettings(false, 1, 1, 0, 1, 0, position), 1e30f, most, -most));
        }
        int token = choose(PLAIN, -most, -most, -most);
        assertTrue(token >= 0 && token < 3, () -> "all are equally unlikely: " + token);
    }

    @Test
    void theSameSeedAndPositionGiveTheSameTokenInAnyCompany() {
        var random = new Random(8);
        float[][] logits = {randomLogits(random, 600), randomLogits(random, 600), new float[600]};
        try (var bench = new Bench(VectorKernels::new, 3, logits)) {
            for (int slot = 0; slot < 3; slot++) {
                bench.set(slot, PLAIN);
            }
            int alone = bench.choose(new int[] {2}, new int[] {17}, new int[] {2})[0];
            int[] together = bench.choose(new int[] {0, 1, 2}, new int[] {5, 6, 17}, new int[] {0, 1, 2});
            assertEquals(alone, together[2]);
        }
    }

    @Test
    void aSamplerIsARowOfWords() {
        var settings =
                new SamplerSettings(true, 1.25f, 0.5f, 40, 0.9f, 0.1f, 0.7f, -0.2f, true, 0x1234_5678_9abc_def0L);
        int[] words = settings.words();
        assertEquals(SamplerSettings.WORDS, words.length);
        assertEquals(15, words[0], "greedy, with penalties and biases");
        assertArrayEquals(new int[] {0x9abc_def0, 0x1234_5678}, Arrays.copyOfRange(words, 6, 8));
        assertTrue(SamplerSettings.isGreedy(words[0]) && SamplerSettings.penalises(words[0]));
        assertFalse(SamplerSettings.isGreedy(PLAIN.words()[0]) || SamplerSettings.penalises(PLAIN.words()[0]));
        assertEquals(1.25f, Float.intBitsToFloat(words[SamplerSettings.PENALTY]));
        assertEquals(0.5f, Float.intBitsToFloat(words[SamplerSettings.TEMPERATURE]));
        assertEquals(40, words[SamplerSettings.TOP_K]);
        assertEquals(0.9f, Float.intBitsToFloat(words[SamplerSettings.TOP_P]));
        assertEquals(0.1f, Float.intBitsToFloat(words[SamplerSettings.MIN_P]));
        assertEquals(0.7f, Float.intBitsToFloat(words[SamplerSettings.FREQUENCY]));
        assertEquals(-0.2f, Float.intBitsToFloat(words[SamplerSettings.PRESENCE]));
        assertTrue(SamplerSettings.counts(words[0]) && SamplerSettings.isBiased(words[0]));
        assertFalse(SamplerSettings.counts(PLAIN.words()[0]) || SamplerSettings.isBiased(PLAIN.words()[0]));
        assertEquals(
                settings.seed(), SamplerSettings.seed(words[SamplerSettings.SEED], words[SamplerSettings.SEED + 1]));
    }

    @Test
    void stateIsWrittenWhereItIs() {
        try (var bench = new Bench(ScalarKernels::new, 2, new float[3])) {
            MemorySegment word = MemorySegment.ofArray(new int[1]);
            var other = new Tensor(99, "other", DType.INT32, 1, 1, Tensor.Role.STATE);
            assertThrows(IllegalArgumentException.class, () -> bench.workspace.write(other, 0, word));
            assertThrows(IllegalArgumentException.class, () -> bench.workspace.write(bench.seen, -1, word));
            var e = assertThrows(IllegalArgumentException.class, () -> bench.workspace.write(bench.seen, 6, word));
            assertEquals("write of 4 bytes from element 6: expected int32 elements of seen[2x3]", e.getMessage());
        }
    }
}
