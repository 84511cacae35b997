package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.backend.cpu.Formulas;
import dev.weir.program.SamplerSettings;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernel's tokens beside those of the definition in {@code kernels/sample.cu}, done with sorting and big integers. */
@Tag("cuda")
class SampleTest {

    private static final int BLOCK = 256;

    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    /** One token to choose. */
    private record Draw(SamplerSettings settings, float[] logits, int[] seen, float[] biases, int position) {

        int token() {
            float[] l = logits.clone();
            for (int t = 0; t < l.length; t++) {
                if (settings.penalises() && seen[t] != 0) {
                    l[t] = l[t] > 0 ? l[t] / settings.penalty() : l[t] * settings.penalty();
                }
                int times = seen[t] >> 1;
                if (settings.counts() && times > 0) {
                    l[t] = Math.fma(-settings.frequency(), times, l[t]) - settings.presence();
                }
                if (settings.biased()) {
                    l[t] += biases[t];
                }
                if (Float.isNaN(l[t])) {
                    return -1 - t;
                }
            }
            int best = 0;
            for (int t = 1; t < l.length; t++) {
                best = l[t] > l[best] ? t : best;
            }
            return settings.greedy() ? best : draw(weights(l, l[best]));
        }

        private float[] weights(float[] l, float best) {
            var weights = new float[l.length];
            for (int t = 0; t < l.length; t++) {
                weights[t] = l[t] == best ? 1 : Formulas.exp((l[t] - best) / settings.temperature());
            }
            return weights;
        }

        private int draw(float[] weights) {
            List<Integer> kept = IntStream.range(0, weights.length)
                    .boxed()
                    .sorted(Comparator.<Integer>comparingDouble(t -> -weights[t])
                            .thenComparing(t -> t))
                    .toList();
            if (settings.topK() > 0) {
                kept = kept.subList(0, Math.min(settings.topK(), kept.size()));
            }
            if (settings.topP() < 1) {
                kept = kept.subList(0, enough(kept, weights));
            }
            List<Integer> byId = kept.stream()
                    .filter(t -> weights[t] >= settings.minP())
                    .sorted()
                    .toList();
            long total = byId.stream().mapToLong(t -> share(weights[t])).sum();
            long threshold = BigInteger.valueOf(total)
                    .multiply(BigInteger.valueOf(random24()))
                    .shiftRight(24)
                    .longValueExact();
            long sum = 0;
            int i = 0;
            while (true) {
                sum += share(weights[byId.get(i)]);
                if (sum > threshold) {
                    return byId.get(i);
                }
                i++;
            }
        }

        private int enough(List<Integer> ordered, float[] weights) {
            double wanted = (double) settings.topP()
                    * ordered.stream().mapToLong(t -> share(weights[t])).sum();
            long sum = share(weights[ordered.get(0)]);
            int size = 1;
            while (sum < wanted) {
                sum += share(weights[ordered.get(size)]);
                size++;
            }
            return size;
        }

        private static long share(float weight) {
            return (long) (weight * 0x1p40);
        }

        private long random24() {
            int k0 = (int) settings.seed();
            int k1 = (int) (settings.seed() >>> 32);
            int[] c = {position, 0, 0, 0};
            for (int round = 0; round < 10; round++) {
                long a = 0xD2511F53L * Integer.toUnsignedLong(c[0]);
                long b = 0xCD9E8D57L * Integer.toUnsignedLong(c[2]);
                c = new int[] {(int) (b >>> 32) ^ c[1] ^ k0, (int) b, (int) (a >>> 32) ^ c[3] ^ k1, (int) a};
                k0 += 0x9E3779B9;
                k1 += 0xBB67AE85;
            }
            return c[0] >>> 8;
        }
    }

    private static SamplerSettings settings(
            boolean greedy, float penalty, float temperature, int topK, float topP, float minP, long seed) {
        return new SamplerSettings(greedy, penalty, temperature, topK, topP, minP, seed);
    }

    /** The same with penalties of what was chosen, or with biases, or with both. */
    private static SamplerSettings changing(SamplerSettings s, SplittableRandom random) {
        return new SamplerSettings(
                s.greedy(),
                s.penalty(),
                s.temperature(),
                s.topK(),
                s.topP(),
                s.minP(),
                random.nextBoolean() ? 0.4f : 0,
                random.nextBoolean() ? -0.3f : 0,
                random.nextBoolean(),
                s.seed());
    }

    /** Ways to choose among tokens, most of them with what cuts the tail in some combination. */
    private static List<SamplerSettings> manySettings(SplittableRandom random) {
        var settings = new ArrayList<SamplerSettings>();
        settings.add(settings(true, 1, 1, 0, 1, 0, 0));
        settings.add(settings(true, 1.3f, 1, 0, 1, 0, 0));
        for (int topK : new int[] {0, 1, 7, 1 << 20}) {
            for (float topP : new float[] {0, 0.3f, 0.95f, 1}) {
                float minP = random.nextInt(3) == 0 ? 0.05f : 0;
                float penalty = random.nextBoolean() ? 1.2f : 1;
                settings.add(
                        settings(false, penalty, 0.3f + 2 * random.nextFloat(), topK, topP, minP, random.nextLong()));
            }
        }
        return settings;
    }

    private static List<Draw> draws(int vocabulary, SplittableRandom random, IntToDoubleFunction logit) {
        return manySettings(random).stream()
                .map(settings -> random.nextBoolean() ? changing(settings, random) : settings)
                .map(settings -> {
                    var logits = new float[vocabulary];
                    var seen = new int[vocabulary];
                    var biases = new float[vocabulary];
                    for (int t = 0; t < vocabulary; t++) {
                        logits[t] = (float) logit.applyAsDouble(t);
                        seen[t] = random.nextInt(4) == 0 ? 1 + 2 * random.nextInt(4) : 0;
                        biases[t] = random.nextInt(3) == 0 ? 3 * random.nextFloat() - 1.5f : 0;
                    }
                    return new Draw(settings, logits, seen, biases, random.nextInt(1 << 20));
                })
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 17, 600, 5003})
    void tokensAreThoseOfTheDefinition(int vocabulary) {
        var random = new SplittableRandom(vocabulary);
        check(draws(vocabulary, random, t -> 4 * random.nextGaussian()));
    }

    @Test
    void tokensOfEqualWeightAreTakenById() {
        var random = new SplittableRandom(3);
        check(draws(901, random, t -> 0.5 * random.nextInt(6)));
        check(draws(700, random, t -> -2));
    }

    @Test
    void tokensBeyondReachAreNeverChosen() {
        var random = new SplittableRandom(4);
        check(draws(533, random, t -> t % 50 == 3 ? random.nextDouble() : -100 * random.nextDouble()));
    }

    @Test
    void infiniteLogitsHideTheOthers() {
        var random = new SplittableRandom(5);
        check(draws(70, random, t -> t % 9 == 4 ? Double.POSITIVE_INFINITY : random.nextDouble()));
        check(draws(70, random, t -> t < 60 ? Double.NEGATIVE_INFINITY : random.nextDouble()));
        check(draws(5, random, t -> Double.NEGATIVE_INFINITY));
    }

    @Test
    void theFirstNanIsReportedAndNothingElseHappens() {
        var random = new SplittableRandom(6);
        List<Draw> draws = draws(1100, random, t -> t == 1003 || t == 700 ? Double.NaN : random.nextDouble());
        assertEquals(-701, draws.get(0).token());
        check(draws);
    }

    /** Row and slot of draw i are counted from the end, and rows that nobody wants lie between. */
    private void check(List<Draw> draws) {
        int count = draws.size();
        int vocabulary = draws.get(0).logits.length;
        var logits = new float[count * vocabulary];
        var samplers = new int[count * SamplerSettings.WORDS];
        var seen = new int[count * vocabulary];
        var biases = new float[count * vocabulary];
        var slots = new int[2 * count];
        var positions = new int[2 * count];
        var outputs = new int[count];
        var tokens = new int[count];
        int[] seenAfter = seen.clone();
        for (int i = 0; i < count; i++) {
            Draw draw = draws.get(i);
            int slot = count - 1 - i;
            outputs[i] = 2 * slot + 1;
            slots[outputs[i]] = slot;
            positions[outputs[i]] = draw.position;
            System.arraycopy(draw.logits, 0, logits, i * vocabulary, vocabulary);
            System.arraycopy(draw.settings.words(), 0, samplers, slot * SamplerSettings.WORDS, SamplerSettings.WORDS);
            System.arraycopy(draw.seen, 0, seen, slot * vocabulary, vocabulary);
            System.arraycopy(draw.biases, 0, biases, slot * vocabulary, vocabulary);
            System.arraycopy(draw.seen, 0, seenAfter, slot * vocabulary, vocabulary);
            tokens[i] = draw.token();
            if (draw.settings.remembers() && tokens[i] >= 0) {
                int at = slot * vocabulary + tokens[i];
                seenAfter[at] = (seenAfter[at] | 1) + 2;
            }
        }
        long chosen = gpu.output(count);
        long seenOnGpu = gpu.changing(seen);
        gpu.run(
                Kernel.SAMPLE,
                new int[] {count},
                BLOCK,
                chosen,
                seenOnGpu,
                gpu.floats(logits),
                gpu.ints(samplers),
                gpu.floats(biases),
                gpu.ints(slots),
                gpu.ints(positions),
                gpu.ints(outputs),
                vocabulary);
        assertArrayEquals(tokens, gpu.readInts(chosen, count));
        assertArrayEquals(seenAfter, gpu.readInts(seenOnGpu, count * vocabulary));
    }
}
