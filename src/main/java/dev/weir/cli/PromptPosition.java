package dev.weir.cli;

/** A position in a prompt as a person says it. */
final class PromptPosition {

    private PromptPosition() {}

    /**
     * The position from 0.
     *
     * @param option that says it, for errors
     * @param said from 0, or from the end: -1
     * @param length tokens of the prompt
     */
    static int of(String option, int said, int length) {
        int fromStart = said < 0 ? said + length : said;
        if (fromStart < 0 || fromStart >= length) {
            throw new IllegalArgumentException(option + ": expected from " + -length + " to " + (length - 1)
                    + " for a prompt of " + Figures.counted(length, "token") + ", got " + said);
        }
        return fromStart;
    }
}
