package dev.weir.engine;

/**
 * Where the time of a generation went. A step that processes rows of a prompt counts as prefill.
 *
 * @param prefillRows rows processed in such steps
 * @param prefillNanos nanoseconds of such steps, choosing tokens included
 * @param decodeRows rows processed in the others
 * @param decodeNanos nanoseconds of the others
 */
public record Timings(long prefillRows, long prefillNanos, long decodeRows, long decodeNanos) {

    static final Timings NONE = new Timings(0, 0, 0, 0);

    Timings plusStep(boolean prefill, int rows, long nanos) {
        return prefill
                ? new Timings(prefillRows + rows, prefillNanos + nanos, decodeRows, decodeNanos)
                : new Timings(prefillRows, prefillNanos, decodeRows + rows, decodeNanos + nanos);
    }

    /** Prompt tokens per second; 0 when there were none. */
    public double prefillTokensPerSecond() {
        return rate(prefillRows, prefillNanos);
    }

    /** New tokens per second after the first; 0 when there were none. */
    public double decodeTokensPerSecond() {
        return rate(decodeRows, decodeNanos);
    }

    private static double rate(long rows, long nanos) {
        return nanos == 0 ? 0 : rows * 1e9 / nanos;
    }
}
