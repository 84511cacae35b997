package dev.weir.batching;

import dev.weir.batching.TokenLogprobs.Candidate;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The log-softmax of a row of logits, in float64. */
final class Probabilities {

    /** The likeliest last; of equals the lower id is the likelier. */
    private static final Comparator<Candidate> LIKELIER =
            Comparator.comparingDouble(Candidate::logprob).thenComparing(Candidate::token, Comparator.reverseOrder());

    private Probabilities() {}

    /**
     * The probability of a token and of the likeliest ones.
     *
     * @param logits float32 [V]
     */
    static TokenLogprobs of(MemorySegment logits, int token, int top) {
        int vocabulary = Math.toIntExact(logits.byteSize() / Float.BYTES);
        double normalizer = normalizer(logits, vocabulary);
        var best = new PriorityQueue<Candidate>(LIKELIER);
        for (int t = 0; t < vocabulary && top > 0; t++) {
            float logprob = logprob(logits, t, normalizer);
            if (best.size() < top || logprob > best.element().logprob()) {
                best.add(new Candidate(t, logprob));
            }
            if (best.size() > top) {
                best.remove();
            }
        }
        List<Candidate> candidates = new ArrayList<>(best);
        candidates.sort(LIKELIER.reversed());
        return new TokenLogprobs(token, logprob(logits, token, normalizer), candidates);
    }

    /** The logarithm of the sum of the powers of the logits. */
    private static double normalizer(MemorySegment logits, int vocabulary) {
        double max = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < vocabulary; t++) {
            max = Math.max(max, logit(logits, t));
        }
        double sum = 0;
        for (int t = 0; t < vocabulary; t++) {
            sum += Math.exp(logit(logits, t) - max);
        }
        return max + Math.log(sum);
    }

    private static float logprob(MemorySegment logits, int token, double normalizer) {
        return (float) (logit(logits, token) - normalizer);
    }

    private static float logit(MemorySegment logits, int token) {
        return logits.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, token);
    }
}
