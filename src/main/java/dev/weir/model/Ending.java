package dev.weir.model;

import dev.weir.hook.HookPoint;
import java.util.Collection;
import java.util.Comparator;

/**
 * What the end of a forward pass makes of the rows that are wanted.
 *
 * @param results what comes out
 * @param everyRow how far the rows go that are not wanted: no farther than somebody looks
 */
public record Ending(Results results, Until everyRow) {

    /** What comes out of a pass. */
    public enum Results {
        /** The logits of each wanted row. */
        LOGITS,
        /** The token that follows each wanted row. */
        TOKENS,
        /** The tokens, and the logits that they were chosen from. */
        TOKENS_AND_LOGITS
    }

    /** A place behind which only the wanted rows are computed. */
    public enum Until {
        /** The last block. */
        BLOCKS,
        /** The final norm. */
        NORM,
        /** The unembedding. */
        LOGITS
    }

    /** The logits of the wanted rows. */
    public static final Ending LOGITS = new Ending(Results.LOGITS, Until.BLOCKS);

    /** The ending that makes these results, and every row as far as somebody looks at these points. */
    public static Ending of(Results results, Collection<HookPoint> points) {
        Until everyRow = points.stream()
                .map(Ending::behind)
                .max(Comparator.naturalOrder())
                .orElse(Until.BLOCKS);
        return new Ending(results, everyRow);
    }

    private static Until behind(HookPoint point) {
        return switch (point.site()) {
            case LN_FINAL_SCALE, LN_FINAL_NORMALIZED, UNEMBED_IN -> Until.NORM;
            case UNEMBED_OUT -> Until.LOGITS;
            default -> Until.BLOCKS;
        };
    }
}
