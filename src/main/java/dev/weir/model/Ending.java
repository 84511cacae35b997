package dev.weir.model;

/**
 * What the end of a forward pass makes of the rows that are wanted.
 *
 * @param tokens whether it chooses the next token of each; otherwise their logits come out
 * @param everyRow whether every row goes through the end, and not only those that are wanted: for callers who look behind the blocks
 */
public record Ending(boolean tokens, boolean everyRow) {

    /** The logits of the wanted rows. */
    public static final Ending LOGITS = new Ending(false, false);
}
