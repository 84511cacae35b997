package dev.weir.corpus;

import dev.weir.model.ModelConfig;

/**
 * What a step may hold.
 *
 * @param rows tokens of it
 * @param slots prompts of it
 */
record StepLimits(int rows, int slots) {

    private static final int MOST_ROWS = 512;
    private static final long TRACE_BYTES = 256L << 20;
    private static final long CACHE_BYTES = 1L << 30;

    /** As many rows as their trace leaves room for, and as many prompts as their keys and values do. */
    static StepLimits of(CorpusPlan plan, ModelConfig config) {
        long traceBytesPerRow = plan.recipe().hooks().stream()
                .mapToLong(column -> (long) column.width() * Float.BYTES)
                .sum();
        int rows = Math.clamp(TRACE_BYTES / traceBytesPerRow, 1, MOST_ROWS);
        long cacheBytesPerSlot = 2L
                * config.layers()
                * config.width()
                * Float.BYTES
                * plan.prompts().longest();
        return new StepLimits(
                rows,
                Math.clamp(
                        CACHE_BYTES / cacheBytesPerSlot,
                        1,
                        Math.min(rows, plan.prompts().count())));
    }
}
