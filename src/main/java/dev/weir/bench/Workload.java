package dev.weir.bench;

/**
 * What is timed.
 *
 * @param tokens of each sequence: rows of its prefill, or steps of one row
 * @param depth positions that are in the cache before the first of those steps
 * @param sequences B, which go side by side, each with all of this
 */
public record Workload(Phase phase, int tokens, int depth, int sequences) {

    public Workload {
        if (tokens < 1 || depth < 0) {
            throw new IllegalArgumentException(
                    "workload: expected tokens above zero and a depth of 0 or more, got " + tokens + " and " + depth);
        }
        if (sequences < 1) {
            throw new IllegalArgumentException("workload: expected 1 or more sequences, got " + sequences);
        }
        if (phase == Phase.PREFILL && depth > 0) {
            throw new IllegalArgumentException("workload: expected a prefill from position 0, got one at " + depth);
        }
    }

    /** Prompts of so many tokens, one after the other, from an empty cache to the token that follows each. */
    public static Workload prefill(int tokens, int sequences) {
        return new Workload(Phase.PREFILL, tokens, 0, sequences);
    }

    /** So many new tokens of every sequence, from a depth on. */
    public static Workload decode(int tokens, int depth, int sequences) {
        return new Workload(Phase.DECODE, tokens, depth, sequences);
    }

    /** Positions that a session needs for it, of each sequence. */
    public int context() {
        return depth + tokens;
    }

    /** In words: {@code decode 48 at 890 of 16}. */
    public String name() {
        return phase.label() + " " + tokens + (depth > 0 ? " at " + depth : "")
                + (sequences > 1 ? " of " + sequences : "");
    }
}
