package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SamplerTest {

    private static final Sampling PLAIN = new Sampling(false, 1, 1, 0, 1, 0, 5);

    private static float[] randomLogits(long seed, int vocabulary) {
        var random = new Random(seed);
        float[] logits = new float[vocabulary];
        for (int t = 0; t < vocabulary; t++) {
            logits[t] = (float) (3 * random.nextGaussian());
        }
        return logits;
    }

    /** The kept tokens and their probabilities, by sorting everything, in float64. */
    private static Map<Integer, Double> expected(float[] logits, Sampling s) {
        List<Integer> order = new ArrayList<>(IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble(t -> -logits[t]))
                .toList());
        double top = logits[order.getFirst()];
        var weight = new HashMap<Integer, Double>();
        order.forEach(t -> weight.put(t, Math.exp((logits[t] - top) / s.temperature())));
        if (s.topK() > 0) {
            order = order.subList(0, Math.min(s.topK(), order.size()));
        }
        double total = order.stream().mapToDouble(weight::get).sum();
        var kept = new ArrayList<Integer>();
        double cumulative = 0;
        for (int token : order) {
            if (kept.isEmpty() || (cumulative < s.topP() * total && weight.get(token) >= s.minP())) {
                kept.add(token);
                cumulative += weight.get(token);
            }
        }
        double keptTotal = cumulative;
        return kept.stream().collect(Collectors.toMap(t -> t, t -> weight.get(t) / keptTotal));
    }

    private static Map<Integer, Double> frequencies(float[] logits, Sampling sampling, int draws) {
        var sampler = new Sampler(sampling, logits.length);
        var counts = new HashMap<Integer, Double>();
        for (int position = 0; position < draws; position++) {
            counts.merge(sampler.next(logits.clone(), position), 1.0 / draws, Double::sum);
        }
        return counts;
    }

    @Property(tries = 60)
    void tokensAreDrawnWithTheirProbabilities(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 60) int vocabulary,
            @ForAll @IntRange(max = 8) int topK,
            @ForAll @FloatRange(min = 0.3f, max = 1) float topP,
            @ForAll @FloatRange(min = 0, max = 0.3f) float minP,
            @ForAll @FloatRange(min = 0.3f, max = 3) float temperature) {
        float[] logits = randomLogits(seed, vocabulary);
        Sampling filters = PLAIN.withTopK(topK).withTopP(topP).withMinP(minP).withTemperature(temperature);
        for (Sampling sampling : List.of(
                filters, PLAIN.withMinP(minP).withTemperature(temperature), filters.withTopP(1), filters.withMinP(0))) {
            Map<Integer, Double> expected = expected(logits, sampling);
            Map<Integer, Double> got = frequencies(logits, sampling, 4000);
            Set<Integer> tokens = new TreeSet<>(expected.keySet());
            tokens.addAll(got.keySet());
            for (int token : tokens) {
                assertEquals(
                        expected.getOrDefault(token, 0.0), got.getOrDefault(token, 0.0), 0.06, sampling + " " + token);
            }
            assertTrue(expected.keySet().containsAll(got.keySet()), sampling + ": " + expected + " " + got);
        }
    }

    @Test
    void greedyTakesTheFirstOfTheMostLikely() {
        assertEquals(1, new Sampler(Sampling.GREEDY, 4).next(new float[] {0, 3, 3, 1}, 0));
        assertEquals(0, new Sampler(Sampling.GREEDY, 2).next(new float[] {-5, -5}, 0));
        assertEquals(2, new Sampler(PLAIN.withTopK(1), 3).next(new float[] {0, 1, 2}, 0));
    }

    @Test
    void aTokenSeenBeforeIsPenalised() {
        var sampler = new Sampler(Sampling.GREEDY.withRepetitionPenalty(2), 3);
        sampler.see(1);
        assertEquals(0, sampler.next(new float[] {1.1f, 2, 0}, 0));
        assertEquals(2, sampler.next(new float[] {-1, -1, -1.5f}, 1));
    }

    @Test
    void nanIsNeverAToken() {
        for (Sampling sampling : List.of(Sampling.GREEDY, PLAIN)) {
            var e = assertThrows(IllegalStateException.class, () -> new Sampler(sampling, 3)
                    .next(new float[] {0, Float.NaN, 1}, 17));
            assertEquals("logits after position 17: token 1 is NaN", e.getMessage());
        }
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTemperature(0));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTemperature(Float.NaN));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTopK(-1));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTopP(0));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withTopP(1.1f));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withMinP(-0.1f));
        assertThrows(IllegalArgumentException.class, () -> PLAIN.withRepetitionPenalty(0));
    }
}
