package dev.weir.engine;

import java.util.BitSet;

/** Chooses tokens for one sequence. Not thread-safe: it reuses its memory. */
final class Sampler {

    private final Sampling sampling;
    private final BitSet seen = new BitSet();
    private final int[] heap;
    private final int[] kept;

    Sampler(Sampling sampling, int vocabulary) {
        this.sampling = sampling;
        this.heap = new int[vocabulary];
        this.kept = new int[vocabulary];
    }

    /** Remembers a token of the prompt for the repetition penalty. */
    void see(int token) {
        seen.set(token);
    }

    /**
     * The next token, which is remembered.
     *
     * @param logits [V]; overwritten
     * @param position of the row that the logits belong to
     * @throws IllegalStateException when a logit is NaN
     */
    int next(float[] logits, int position) {
        penalise(logits);
        int best = argmax(logits, position);
        int token = sampling.greedy() ? best : sample(logits, best, position);
        seen.set(token);
        return token;
    }

    private void penalise(float[] logits) {
        if (sampling.repetitionPenalty() != 1) {
            seen.stream()
                    .forEach(t -> logits[t] = logits[t] > 0
                            ? logits[t] / sampling.repetitionPenalty()
                            : logits[t] * sampling.repetitionPenalty());
        }
    }

    private static int argmax(float[] logits, int position) {
        int best = 0;
        for (int t = 0; t < logits.length; t++) {
            if (Float.isNaN(logits[t])) {
                throw new IllegalStateException("logits after position " + position + ": token " + t + " is NaN");
            }
            if (logits[t] > logits[best]) {
                best = t;
            }
        }
        return best;
    }

    private int sample(float[] logits, int best, int position) {
        float top = logits[best];
        for (int t = 0; t < logits.length; t++) {
            logits[t] = (float) Math.exp((logits[t] - top) / sampling.temperature());
        }
        int count = keepLikely(logits);
        double threshold = Philox.uniform(sampling.seed(), position) * sum(logits, kept, count);
        double cumulative = 0;
        for (int i = 0; i < count; i++) {
            cumulative += logits[kept[i]];
            if (cumulative > threshold) {
                return kept[i];
            }
        }
        return kept[count - 1];
    }

    /**
     * Fills {@link #kept} with the tokens that top-k, top-p and min-p keep.
     *
     * @param weights unnormalised probabilities, the largest is 1
     * @return how many are kept
     */
    private int keepLikely(float[] weights) {
        boolean ordered = sampling.topK() > 0 || sampling.topP() < 1;
        int count = 0;
        for (int t = 0; t < weights.length; t++) {
            if (weights[t] > 0 && (ordered || weights[t] >= sampling.minP())) {
                kept[count++] = t;
            }
        }
        return ordered ? keepTop(weights, count) : count;
    }

    /** The most likely of {@link #kept} first, ties by ascending id, as far as top-k, top-p and min-p reach. */
    private int keepTop(float[] weights, int count) {
        System.arraycopy(kept, 0, heap, 0, count);
        for (int parent = count / 2 - 1; parent >= 0; parent--) {
            siftDown(weights, parent, count);
        }
        int limit = sampling.topK() > 0 ? Math.min(sampling.topK(), count) : count;
        int popped = 0;
        while (limit < count && popped < limit) {
            kept[popped] = pop(weights, count - popped);
            popped++;
        }
        double enough = sampling.topP() * sum(weights, kept, limit);
        double cumulative = 0;
        int size = 0;
        while (size < limit && (size == 0 || cumulative < enough)) {
            if (size == popped) {
                kept[size] = pop(weights, count - popped);
                popped++;
            }
            if (weights[kept[size]] < sampling.minP()) {
                return size;
            }
            cumulative += weights[kept[size]];
            size++;
        }
        return size;
    }

    private static double sum(float[] weights, int[] tokens, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += weights[tokens[i]];
        }
        return sum;
    }

    private int pop(float[] weights, int size) {
        int top = heap[0];
        heap[0] = heap[size - 1];
        siftDown(weights, 0, size - 1);
        return top;
    }

    private void siftDown(float[] weights, int from, int size) {
        int parent = from;
        int token = heap[from];
        while (2 * parent + 1 < size) {
            int child = 2 * parent + 1;
            if (child + 1 < size && isBefore(weights, heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(weights, heap[child], token)) {
                break;
            }
            heap[parent] = heap[child];
            parent = child;
        }
        heap[parent] = token;
    }

    private static boolean isBefore(float[] weights, int a, int b) {
        return weights[a] > weights[b] || (weights[a] == weights[b] && a < b);
    }
}
