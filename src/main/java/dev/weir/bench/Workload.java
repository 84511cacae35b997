package dev.weir.bench;

/**
 * What is timed.
 *
 * @param promptTokens rows of a prefill; 0: none is timed
 * @param newTokens steps of one row each; 0: none are timed
 * @param depth positions that are in the cache before the first of those steps
 */
public record Workload(int promptTokens, int newTokens, int depth) {

    public Workload {
        if (promptTokens < 0 || newTokens < 0 || depth < 0) {
            throw new IllegalArgumentException("workload: expected 0 or more prompt tokens, new tokens and depth, got "
                    + promptTokens + ", " + newTokens + " and " + depth);
        }
        if (promptTokens == 0 && newTokens == 0) {
            throw new IllegalArgumentException(
                    "workload: expected prompt tokens or new tokens above zero, got neither");
        }
    }

    /** Positions that a session needs for it. */
    public int context() {
        return Math.max(promptTokens, depth + newTokens);
    }
}
