package dev.weir.model;

/**
 * What the end of a forward pass makes of the rows that are wanted.
 *
 * @param tokens whether it chooses the next token of each; otherwise their logits come out
 * @param everyRow how far the rows go that are not wanted: no farther than somebody looks
 */
public record Ending(boolean tokens, Until everyRow) {

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
    public static final Ending LOGITS = new Ending(false, Until.BLOCKS);
}
