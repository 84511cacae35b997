package dev.weir.hook;

/**
 * What one step processes: a ragged batch of rows. Row r is one token at one position of one slot. The rows of a slot are
 * consecutive and ascend in position; several slots may be mixed in any way.
 *
 * @param slots the sequence slot of each row
 * @param positions the position of each row in its slot, from 0
 * @param tokens the token id of each row
 * @param outputs the rows whose logits are wanted, ascending
 */
public record Rows(int[] slots, int[] positions, int[] tokens, int[] outputs) {

    public Rows {
        if (slots.length != positions.length || slots.length != tokens.length) {
            throw new IllegalArgumentException("rows: expected as many slots as positions and tokens, got "
                    + slots.length + ", " + positions.length + ", " + tokens.length);
        }
        if (slots.length == 0) {
            throw new IllegalArgumentException("rows: expected at least one, got none");
        }
    }

    /** The number of rows. */
    public int count() {
        return slots.length;
    }
}
