package dev.weir.lens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.oracle.Float64Gpt2;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HeadScoresTest {

    /** A head that gives all of what it has to the key so far before, or to the first one. */
    private static HeadPattern looking(int length, int back) {
        var weights = new float[length * length];
        for (int query = 0; query < length; query++) {
            weights[query * length + Math.max(0, query - back)] = 1;
        }
        return new HeadPattern(2, 1, length, weights);
    }

    private static RepeatedTokens repeated(int length, OptionalInt start) {
        return RepeatedTokens.random(50, start, length, 1, 1);
    }

    @Test
    void headsThatDoOneThingScoreOneInIt() {
        RepeatedTokens tokens = repeated(10, OptionalInt.of(0));
        assertEquals(1, tokens.score(looking(21, 1)).previous());
        assertEquals(1, tokens.score(looking(21, 10)).duplicate());
        assertEquals(1, tokens.score(looking(21, 9)).induction());
        assertEquals(1, tokens.score(looking(21, 0)).current());
        assertEquals(1, tokens.score(looking(21, 21)).first());
        assertEquals(0, tokens.score(looking(21, 9)).duplicate());
        assertEquals("L2H1", tokens.score(looking(21, 9)).label());
    }

    @Test
    void aHeadThatLooksEverywhereAlikeScoresByTheNumberOfKeys() {
        var weights = new float[8 * 8];
        for (int query = 0; query < 8; query++) {
            Arrays.fill(weights, query * 8, query * 8 + query + 1, 1f / (query + 1));
        }
        HeadScores scores = repeated(4, OptionalInt.empty()).score(new HeadPattern(0, 0, 8, weights));
        double ofSecondCopy = (1 / 5.0 + 1 / 6.0 + 1 / 7.0 + 1 / 8.0) / 4;
        assertEquals(ofSecondCopy, scores.induction(), 1e-7);
        assertEquals(ofSecondCopy, scores.duplicate(), 1e-7);
        double ofAllButTheFirst = (1 / 2.0 + 1 / 3.0 + 1 / 4.0 + 4 * ofSecondCopy) / 7;
        assertEquals(ofAllButTheFirst, scores.previous(), 1e-7);
        assertEquals(ofAllButTheFirst, scores.current(), 1e-7);
        assertEquals(ofAllButTheFirst, scores.first(), 1e-7);
    }

    @Test
    void theSequencesComeTwiceWithoutARepetitionWithin() {
        RepeatedTokens tokens = RepeatedTokens.random(12, OptionalInt.of(3), 11, 20, 5);
        Set<List<Integer>> different = new HashSet<>();
        for (int[] sequence : tokens.sequences()) {
            assertEquals(23, sequence.length);
            assertEquals(3, sequence[0]);
            int[] first = Arrays.copyOfRange(sequence, 1, 12);
            assertArrayEquals(first, Arrays.copyOfRange(sequence, 12, 23));
            assertEquals(11, Arrays.stream(first).filter(t -> t != 3).distinct().count());
            different.add(Arrays.stream(first).boxed().toList());
        }
        assertTrue(different.size() > 15);
        assertThrows(IllegalArgumentException.class, () -> RepeatedTokens.random(12, OptionalInt.of(3), 12, 1, 5));
        assertThrows(IllegalArgumentException.class, () -> RepeatedTokens.random(12, OptionalInt.empty(), 1, 1, 5));
        assertThrows(IllegalArgumentException.class, () -> RepeatedTokens.random(12, OptionalInt.empty(), 4, 0, 5));
    }

    @Test
    void theScoresOfAModelAreThoseOfAFloat64Pass() {
        var config = new ModelConfig(61, 24, 21, 2, 3, 17, Activation.GELU_NEW, 1e-5f, true, false);
        RepeatedTokens tokens = RepeatedTokens.random(61, OptionalInt.of(60), 7, 3, 9);
        var source = new SyntheticWeights("random", config, DType.FLOAT32, 4);
        try (Weir weir = Weir.of(source, Options.DEFAULT.withThreads(1))) {
            List<HeadScores> scores = tokens.scores(weir);
            assertEquals(6, scores.size());
            var names = Weights.of(config, DType.FLOAT32);
            List<Map<String, double[]>> passes = Arrays.stream(tokens.sequences())
                    .map(sequence -> Float64Gpt2.run(config, names, source.views(names), sequence))
                    .toList();
            for (HeadScores head : scores) {
                double induction = 0;
                double previous = 0;
                for (Map<String, double[]> pass : passes) {
                    double[] pattern = pass.get("blocks." + head.layer() + ".attn.hook_pattern");
                    for (int query = 8; query < 15; query++) {
                        induction += pattern[(head.head() * 15 + query) * 15 + query - 6] / 21;
                    }
                    for (int query = 1; query < 15; query++) {
                        previous += pattern[(head.head() * 15 + query) * 15 + query - 1] / 42;
                    }
                }
                assertEquals(induction, head.induction(), 2e-5);
                assertEquals(previous, head.previous(), 2e-5);
            }
        }
    }

    @Test
    void aPatternIsReadFromATraceOfAllPositionsOnly() {
        try (var subject = new Subject(11)) {
            List<HeadPattern> all = HeadPattern.all(subject.trace("pattern"), 0);
            assertEquals(subject.config.layers() * subject.config.heads(), all.size());
            int length = subject.tokens.length;
            for (HeadPattern pattern : all) {
                double[] expected = subject.at("blocks." + pattern.layer() + ".attn.hook_pattern");
                for (int query = 0; query < length; query++) {
                    double sum = 0;
                    for (int key = 0; key < length; key++) {
                        assertEquals(
                                expected[(pattern.head() * length + query) * length + key],
                                pattern.at(query, key),
                                2e-5);
                        sum += pattern.at(query, key);
                    }
                    assertEquals(1, sum, 1e-5);
                }
            }
            assertThrows(IllegalArgumentException.class, () -> HeadPattern.all(subject.trace("pattern@last"), 0));
            assertThrows(IllegalArgumentException.class, () -> HeadPattern.all(subject.trace("z"), 0));
            assertThrows(IllegalArgumentException.class, () -> new HeadPattern(0, 0, 2, new float[3]));
        }
    }
}
