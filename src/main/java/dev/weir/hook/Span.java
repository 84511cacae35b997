package dev.weir.hook;

/**
 * The positions that an edit changes: those in [from, to).
 *
 * @param to {@link #END} for every position from the first on, those of generated tokens included
 * @param ofPrompt whether they are counted from the end of the prompt, -1 being its last token and 0 the first generated one
 */
public record Span(int from, int to, boolean ofPrompt) {

    /** After every position. */
    public static final int END = Integer.MAX_VALUE;

    /** Every position. */
    public static final Span ALL = new Span(0, END, false);

    /** No position: an edit that keeps its place in a plan and changes nothing. */
    public static final Span NEVER = new Span(0, 0, false);

    /** The positions of generated tokens. */
    public static final Span GENERATED = new Span(0, END, true);

    public Span {
        if (to < from || (!ofPrompt && from < 0)) {
            throw new IllegalArgumentException("edit positions: expected " + (ofPrompt ? "" : "0 <= ")
                    + "from <= to, got from " + from + " to " + to);
        }
    }

    /** One position; -1 is the prompt's last. */
    public static Span at(int position) {
        return new Span(position, position + 1, position < 0);
    }

    /** A position and all that follow, those of generated tokens included; -1 is the prompt's last. */
    public static Span from(int position) {
        return new Span(position, END, position < 0);
    }

    /**
     * The positions from this one up to, and not with, that one. Where the first is negative both are counted from the end of the
     * prompt: (-2, 0) are its last two.
     */
    public static Span between(int from, int to) {
        boolean isOfPrompt = from < 0;
        if (isOfPrompt ? to > 0 && to != END : to < 0) {
            throw new IllegalArgumentException("edit positions: expected both from the beginning or both from the end"
                    + " of the prompt, got from " + from + " to " + to);
        }
        return new Span(from, to, isOfPrompt);
    }

    /**
     * The same positions, counted from 0.
     *
     * @param promptLength tokens of the prompt
     * @throws IllegalArgumentException when the prompt is too short to have them
     */
    public Span within(int promptLength) {
        if (!ofPrompt) {
            return this;
        }
        if (from < -promptLength) {
            throw new IllegalArgumentException("edit position " + from + ": expected from " + -promptLength
                    + " on, for the prompt has " + promptLength + (promptLength == 1 ? " token" : " tokens"));
        }
        return new Span(promptLength + from, to == END ? END : promptLength + to, false);
    }

    /** Whether a position is one of them; they must be counted from 0. */
    public boolean contains(int position) {
        return from <= position && position < to;
    }

    /** {@code all}, {@code never}, one position, or the first and the last: {@code 5..9}, {@code -1..}. */
    @Override
    public String toString() {
        if (equals(ALL)) {
            return "all";
        }
        if (from == to) {
            return "never";
        }
        String first = (ofPrompt && from >= 0 ? "+" : "") + from;
        if (to == END) {
            return first + "..";
        }
        return to - from == 1 ? first : first + ".." + (to - 1);
    }
}
