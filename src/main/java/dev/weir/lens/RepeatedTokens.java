package dev.weir.lens;

import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.LensView.Chosen;
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

    /**
     * How surprised a model is by a token, in nats: means of -log p.
     *
     * @param first by tokens of the first copy, which nobody can know
     * @param second by tokens of the second copy, which a model with induction heads knows
     */
    public record Surprise(double first, double second) {}

    /** How surprised a model is by these sequences, from the second token of each copy on. */
    public Surprise surprise(Weir weir) {
        double[] sums = new double[2];
        for (int[] sequence : sequences) {
            double[] surprises = surprises(weir, sequence);
            for (int i = 1; i < length; i++) {
                sums[0] += surprises[sequence.length - 2 * length + i];
                sums[1] += surprises[sequence.length - length + i];
            }
        }
        double count = (double) sequences.length * (length - 1);
        return new Surprise(sums[0] / count, sums[1] / count);
    }

    /** By each token of a sequence; nothing is known of the first. */
    private static double[] surprises(Weir weir, int[] sequence) {
        Station end = Station.upTo(weir.config().layers(), weir.config().layers(), false)
                .getLast();
        List<Integer> positions =
                IntStream.range(0, sequence.length - 1).boxed().toList();
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(Prompt.of(sequence)), Tracing.of(Hooks.tap(List.of(end.point())), recorder));
            LensView view = new LogitLens(weir)
                    .view(recorder.trace(), 0, positions, List.of(end), 0, Chosen.next(sequence, sequence.length));
            return IntStream.range(0, sequence.length)
                    .mapToDouble(i -> i == 0
                            ? Double.NaN
                            : -Math.log(view.at(0, i - 1).chosen().getFirst().probability()))
                    .toArray();
        }
    }

    /** The scores of a head that looks at every key alike. */
    public HeadScores even() {
        int tokens = sequences[0].length;
        var weights = new float[tokens * tokens];
        for (int query = 0; query < tokens; query++) {
            Arrays.fill(weights, query * tokens, query * tokens + query + 1, 1f / (query + 1));
        }
        return score(new HeadPattern(0, 0, tokens, weights));
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
