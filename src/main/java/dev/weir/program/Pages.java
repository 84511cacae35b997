package dev.weir.program;

import dev.weir.tensor.Tensor;

/**
 * Where the positions of slots lie in a cache: position p of slot s in row {@code table[s][p >> shift] + p % 2^shift}. A page is so many
 * neighbouring rows; several slots may have the same.
 *
 * @param table int32 [slots, pages of a slot], state: the row of the cache at which each page begins
 * @param context positions of each slot
 * @param shift the logarithm of the positions of a page, or {@value #WHOLE} where one page has all positions of a slot, however many
 *     these are
 */
public record Pages(Tensor table, int context, int shift) {

    /** Machines cut what they read of a cache no finer than into so many rows. */
    public static final int SMALLEST = 32;

    /** No position is so far that it would need a second page. */
    public static final int WHOLE = Integer.SIZE - 1;

    public Pages {
        if (shift < Integer.numberOfTrailingZeros(SMALLEST)
                || shift > WHOLE
                || table.columns() != Math.ceilDiv(context, 1L << shift)) {
            throw new IllegalArgumentException("pages: expected room for " + context + " positions in pages of 2^"
                    + shift + " each, got " + table);
        }
    }

    /** Rows of the cache that a page has. */
    public int rows() {
        return shift == WHOLE ? context : 1 << shift;
    }

    /** Sequences that there is room for. */
    public int slots() {
        return table.rows();
    }
}
