package dev.weir.lens;

import dev.weir.engine.Session;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * How well a model predicts a text: exp of the mean of -log p over its tokens. A text that is longer than the window is read in windows
 * that move on by a stride, and of each the tokens are counted that no window before it has: "Perplexity of fixed-length models" in
 * Hugging Face's documentation of transformers.
 */
public final class Perplexity {

    /** So few that the logits of a step stay small. */
    private static final int ROWS_PER_STEP = 128;

    private final Weir weir;
    private final int window;
    private final int stride;

    /**
     * Says how to read.
     *
     * @param window tokens of a window, from 2 to the model's context
     * @param stride tokens by which windows move on, from 1 to one less than the window
     */
    public Perplexity(Weir weir, int window, int stride) {
        int context = weir.config().context();
        if (window < 2 || window > context) {
            throw new IllegalArgumentException(
                    "window: expected 2 to " + context + " tokens, the model's context, got " + window);
        }
        if (stride < 1 || stride >= window) {
            throw new IllegalArgumentException("stride: expected 1 to " + (window - 1) + " tokens, got " + stride);
        }
        this.weir = weir;
        this.window = window;
        this.stride = stride;
    }

    /**
     * What some tokens cost.
     *
     * @param tokens that were predicted
     * @param nats the sum of -log p over them
     */
    public record Score(long tokens, double nats) {

        /** Nothing yet. */
        public static final Score NONE = new Score(0, 0);

        /** Both together. */
        public Score plus(Score other) {
            return new Score(tokens + other.tokens, nats + other.nats);
        }

        /** exp of the mean cost of a token. */
        public double perplexity() {
            return Math.exp(nats / tokens);
        }

        /** Information that so many bytes of text hold for the model. */
        public double bitsPerByte(long bytes) {
            return nats / Math.log(2) / bytes;
        }
    }

    /**
     * Reads a text.
     *
     * @param ids its tokens; the first has nothing before it and is not predicted
     * @param done called with the number of tokens that were predicted, from time to time
     */
    public Score of(List<Integer> ids, IntConsumer done) {
        Score score = Score.NONE;
        try (Session session = weir.session(1, window)) {
            int known = 1;
            for (int begin = 0; known < ids.size(); begin += stride) {
                int end = Math.min(ids.size(), begin + window);
                score = score.plus(window(session, ids.subList(begin, end), known - begin, done));
                known = end;
            }
        }
        return score;
    }

    /** Of a window, the tokens from one on. */
    private static Score window(Session session, List<Integer> ids, int first, IntConsumer done) {
        session.reset(0);
        Score score = Score.NONE;
        int rows = ids.size() - 1; // nothing follows the last
        for (int from = 0; from < rows; from += ROWS_PER_STEP) {
            int to = Math.min(rows, from + ROWS_PER_STEP);
            Score part = step(session, ids, from, to, Math.max(from, first - 1));
            score = score.plus(part);
            done.accept((int) part.tokens);
        }
        return score;
    }

    /** Rows of a window; those from one on predict what follows them. */
    private static Score step(Session session, List<Integer> ids, int from, int to, int firstOutput) {
        int count = to - from;
        int[] positions = IntStream.range(from, to).toArray();
        int[] tokens = IntStream.range(from, to).map(ids::get).toArray();
        int[] outputs = IntStream.range(Math.min(firstOutput, to), to)
                .map(position -> position - from)
                .toArray();
        if (outputs.length == 0) {
            outputs = new int[] {count - 1}; // a step makes the logits of some row
            session.step(new Rows(new int[count], positions, tokens, outputs), Hooks.NONE);
            return Score.NONE;
        }
        var result = session.step(new Rows(new int[count], positions, tokens, outputs), Hooks.NONE);
        double nats = 0;
        for (int i = 0; i < outputs.length; i++) {
            nats += nats(result.logits(i), ids.get(from + outputs[i] + 1));
        }
        return new Score(outputs.length, nats);
    }

    /** -log p = log(sum(exp(logits))) - logits[token], in float64. */
    private static double nats(MemorySegment logits, int token) {
        float[] values = logits.toArray(ValueLayout.JAVA_FLOAT);
        float max = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            max = Math.max(max, value);
        }
        double sum = 0;
        for (float value : values) {
            sum += Math.exp((double) value - max);
        }
        double nats = Math.log(sum) - ((double) values[token] - max);
        if (Double.isNaN(nats)) {
            throw new IllegalStateException("logits: expected numbers, got NaN or infinities");
        }
        return nats;
    }
}
