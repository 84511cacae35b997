package dev.weir.report;

/**
 * How much a report holds.
 *
 * @param guesses next tokens kept at each layer and position, the likeliest
 * @param patternBytes of attention patterns at most; of longer prompts only the strongest keys of each query are kept, and the page says
 *     how many
 */
public record ReportOptions(int guesses, long patternBytes) {

    /** Five guesses; patterns of about 12 MB. */
    public static final ReportOptions DEFAULT = new ReportOptions(5, 12_000_000);

    public ReportOptions {
        if (guesses <= 0) {
            throw new IllegalArgumentException("guesses: expected above zero, got " + guesses);
        }
        if (patternBytes < 0) {
            throw new IllegalArgumentException("bytes of patterns: expected zero or more, got " + patternBytes);
        }
    }
}
