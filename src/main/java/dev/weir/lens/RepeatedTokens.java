package dev.weir.lens;

import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.TraceRecorder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Sequences of random tokens that come twice, on which heads show what they are: nothing can be known of the first copy, and
 * everything of the second. No token comes twice in a copy.
 *
 * @param length of one copy
 * @param start the token before both copies, if there is one
 * @param sequences [sequences][start + 2 length]
 */
public record RepeatedTokens(int length, OptionalInt start, int[][] sequences) {

    /**
     * Draws them.
     *
     * @param vocabulary tokens to draw from
     * @param start a token to begin each sequence with, such as the end of the text before; it is not drawn
     */
    public static RepeatedTokens random(int vocabulary, OptionalInt start, int length, int sequences, long seed) {
        int drawable = vocabulary - (start.isPresent() ? 1 : 0);
        if (length < 2 || length > drawable) {
            throw new IllegalArgumentException(
                    "length of a copy: expected from 2 to the " + drawable + " tokens to draw from, got " + length);
        }
        if (sequences < 1) {
            throw new IllegalArgumentException("sequences: expected above zero, got " + sequences);
        }
        var random = new Random(seed);
        var drawn = new int[sequences][];
        Arrays.setAll(drawn, i -> draw(vocabulary, start, length, random));
        return new RepeatedTokens(length, start, drawn);
    }

    private static int[] draw(int vocabulary, OptionalInt start, int length, Random random) {
        int[] copy = random.ints(0, vocabulary)
                .filter(token -> start.isEmpty() || token != start.getAsInt())
                .distinct()
                .limit(length)
                .toArray();
        return IntStream.concat(start.stream(), IntStream.concat(Arrays.stream(copy), Arrays.stream(copy)))
                .toArray();
    }

    /** The scores of every head of a model, layer by layer: means over all sequences. */
    public List<HeadScores> scores(Weir weir) {
        Hooks hooks = weir.select("pattern");
        var scores = new ArrayList<List<HeadScores>>();
        for (int[] sequence : sequences) {
            try (var recorder = new TraceRecorder()) {
                weir.forward(List.of(Prompt.of(sequence)), Tracing.of(hooks, recorder));
                scores.add(HeadPattern.all(recorder.trace(), 0).stream()
                        .map(this::score)
                        .toList());
            }
        }
        return IntStream.range(0, scores.getFirst().size())
                .mapToObj(head -> HeadScores.mean(
                        scores.stream().map(ofSequence -> ofSequence.get(head)).toList()))
                .toList();
    }

    /** The scores of a head on one of the sequences. */
    HeadScores score(HeadPattern pattern) {
        int end = pattern.length();
        int second = end - length;
        return new HeadScores(
                pattern.layer(),
                pattern.head(),
                pattern.meanAt(1, end, 1),
                pattern.meanAt(second, end, length),
                pattern.meanAt(second, end, length - 1),
                pattern.meanAt(1, end, 0),
                pattern.meanOf(1, end, 0));
    }
}
