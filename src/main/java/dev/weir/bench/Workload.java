package dev.weir.bench;

/**
 * What is timed.
 *
 * @param promptTokens rows of a prefill of one sequence; 0: none is timed
 * @param newTokens steps of one row of every sequence; 0: none are timed
 * @param depth positions that are in the cache before the first of those steps
 * @param sequences B, which go side by side, each with all of this
 */
public record Workload(int promptTokens, int newTokens, int depth, int sequences) {

    public Workload {
        if (promptTokens < 0 || newTokens < 0 || depth < 0) {
            throw new IllegalArgumentException("workload: expected 0 or more prompt tokens, new tokens and depth, got "
                    + promptTokens + ", " + newTokens + " and " + depth);
        }
        if (sequences < 1) {
            throw new IllegalArgumentException("workload: expected 1 or more sequences, got " + sequences);
        }
        if (promptTokens == 0 && newTokens == 0) {
            throw new IllegalArgumentException(
                    "workload: expected prompt tokens or new tokens above zero, got neither");
        }
    }

    /** The same of one sequence. */
    public Workload(int promptTokens, int newTokens, int depth) {
        this(promptTokens, newTokens, depth, 1);
    }

    /** Positions that a session needs for it, of each sequence. */
    public int context() {
        return Math.max(promptTokens, depth + newTokens);
    }
}
