package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.weir.backend.Backend;
import dev.weir.backend.RandomModel;
import dev.weir.backend.RandomModel.Seen;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.Random;

/** A model of random, odd shape and a random text for it; small, because every thread of a GPU is simulated. */
final class RandomCase {

    private static final int MAX_ROWS = 30;

    final Random random;
    final RandomModel model;
    final int[] tokens;
    final Hooks everything;

    RandomCase(long seed) {
        this(seed, new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16}[new Random(seed).nextInt(3)]);
    }

    RandomCase(long seed, DType type) {
        this(seed, type, 1);
    }

    private RandomCase(long seed, DType type, int least) {
        this(config(new Random(seed), least), type, seed, 1 + new Random(seed).nextInt(MAX_ROWS));
    }

    /**
     * A model that does not enlarge errors without limit: a norm of a few values does, and so does the softmax of scores that are not
     * scaled.
     */
    static RandomCase wide(long seed, DType type) {
        return new RandomCase(seed, type, 32);
    }

    RandomCase(ModelConfig config, DType type, long seed, int length) {
        random = new Random(seed);
        model = new RandomModel(config, type, seed);
        tokens = random.ints(length, 0, config.vocabulary()).toArray();
        everything = Hooks.tap(HookPoint.all(config.layers()));
    }

    private static ModelConfig config(Random random, int least) {
        int heads = 1 + random.nextInt(4);
        return new ModelConfig(
                20 + random.nextInt(60),
                MAX_ROWS,
                heads * (Math.ceilDiv(least, heads) + random.nextInt(12)),
                1 + random.nextInt(2),
                heads,
                1 + random.nextInt(60),
                Activation.values()[random.nextInt(3)],
                1e-5f,
                least > 1 || random.nextBoolean(),
                random.nextBoolean());
    }

    Rows rows(int from, int to) {
        return RandomModel.rows(tokens, from, to);
    }

    Rows allRows() {
        return rows(0, tokens.length);
    }

    Seen inOneStep(Backend backend, Hooks hooks, boolean fused) {
        try (var run = model.new Run(backend, 1)) {
            return run.step(allRows(), hooks, fused);
        }
    }

    Seen onTheCpu() {
        try (var cpu = new CpuBackend(1)) {
            return inOneStep(cpu, everything, true);
        }
    }

    static void assertSame(Seen expected, Seen got) {
        assertEquals(expected.values().keySet(), got.values().keySet());
        expected.values().forEach((name, values) -> assertArrayEquals(values, got.at(name), name));
    }

    /** That a part of the rows shows what those rows show in the whole; a part's scores and patterns show fewer keys. */
    void assertRows(Seen whole, int from, Seen part, int partRows) {
        int heads = model.config.heads();
        part.values().forEach((name, values) -> {
            int columns = values.length / partRows;
            int wholeColumns = whole.at(name).length / tokens.length;
            boolean square = name.endsWith("attn_scores") || name.endsWith("pattern");
            int pieces = square ? heads : 1;
            int known = columns / pieces;
            for (int i = 0; i < partRows * pieces; i++) {
                int at = (from * pieces + i) * (wholeColumns / pieces);
                assertArrayEquals(
                        Arrays.copyOfRange(whole.at(name), at, at + known),
                        Arrays.copyOfRange(values, i * known, (i + 1) * known),
                        name);
            }
        });
    }

    /**
     * That every value is within a share of the largest magnitude at its point; a pattern, of the largest score that it comes from, for
     * an error of a score is an error of half as much in its weight.
     */
    static void assertClose(Seen expected, Seen got, double share) {
        expected.values().forEach((name, values) -> {
            double magnitude = name.endsWith("hook_pattern")
                    ? Math.max(1, largest(expected.at(name.replace("hook_pattern", "hook_attn_scores"))))
                    : largest(values);
            assertClose(name, values, got.at(name), share * magnitude + 1e-6);
        });
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Float.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        return largest;
    }

    private static void assertClose(String name, float[] expected, float[] got, double bound) {
        assertEquals(expected.length, got.length, name);
        for (int i = 0; i < got.length; i++) {
            double error = expected[i] == got[i] ? 0 : Math.abs((double) expected[i] - got[i]);
            if (!(error <= bound)) {
                fail("%s: at %d expected %.9g, got %.9g, %.0f %% of the bound %.3g"
                        .formatted(name, i, expected[i], got[i], 100 * error / bound, bound));
            }
        }
    }
}
