package dev.weir.backend;

import dev.weir.hook.Rows;
import dev.weir.program.Inputs;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.tensor.Tensor;

/**
 * What a plan asks of the rows of a step. Every machine checks them before anything is written.
 *
 * @param rows exactly so many
 * @param outputs exactly so many
 * @param tokens token ids below this
 * @param positions positions below this
 * @param slots slots below this
 */
public record RowLimits(int rows, int outputs, int tokens, int positions, int slots) {

    /** What a plan asks. */
    public static RowLimits of(Plan plan) {
        Inputs inputs = plan.inputs();
        int tokens = Integer.MAX_VALUE;
        int positions = Integer.MAX_VALUE;
        int slots = Integer.MAX_VALUE;
        for (Op op : plan.ops().toList()) {
            if (op instanceof Op.Embed embed) {
                if (embed.ids().id() == inputs.tokens().id()) {
                    tokens = Math.min(tokens, embed.table().rows());
                }
                if (embed.ids().id() == inputs.positions().id()) {
                    positions = Math.min(positions, embed.table().rows());
                }
            }
            if (op instanceof Op.Attention attention) {
                positions = Math.min(positions, attention.pages().context());
                positions = Math.min(positions, shownKeys(attention, attention.scores(), plan));
                positions = Math.min(positions, shownKeys(attention, attention.pattern(), plan));
                slots = Math.min(slots, attention.pages().slots());
            }
            if (op instanceof Op.AttentionScores scores) {
                positions = Math.min(positions, Math.min(scores.pages().context(), scores.shownKeys()));
                slots = Math.min(slots, scores.pages().slots());
            }
            if (op instanceof Op.AttentionMix mix) {
                positions = Math.min(positions, Math.min(mix.pages().context(), mix.shownKeys()));
                slots = Math.min(slots, mix.pages().slots());
            }
            if (op instanceof Op.Edited edited) {
                slots = Math.min(slots, edited.controls().rows());
            }
        }
        return new RowLimits(inputs.rows(), inputs.outputs().rows(), tokens, positions, slots);
    }

    private static int shownKeys(Op.Attention attention, Tensor shown, Plan plan) {
        return plan.place(shown).isPresent() ? shown.columns() / attention.heads() : Integer.MAX_VALUE;
    }

    /**
     * Refuses rows that do not fit the plan.
     *
     * @throws IllegalArgumentException for the first that does not
     */
    public void require(Rows given) {
        requireCount("rows", rows, given.count());
        requireCount("outputs", outputs, given.outputs().length);
        requireBelow("token id", given.tokens(), tokens);
        requireBelow("position", given.positions(), positions);
        requireBelow("slot", given.slots(), slots);
        requireBelow("output row", given.outputs(), rows);
        requireOrder(given);
    }

    private static void requireCount(String what, int expected, int got) {
        if (got != expected) {
            throw new IllegalArgumentException(what + ": expected " + expected + " as in the plan, got " + got);
        }
    }

    private static void requireBelow(String what, int[] values, int limit) {
        for (int value : values) {
            if (value < 0 || value >= limit) {
                throw new IllegalArgumentException(what + ": expected from 0 to " + (limit - 1) + ", got " + value);
            }
        }
    }

    private static void requireOrder(Rows rows) {
        for (int r = 0; r < rows.count(); r++) {
            int slot = rows.slots()[r];
            boolean onward = r > 0 && rows.slots()[r - 1] == slot;
            if (onward && rows.positions()[r] <= rows.positions()[r - 1]) {
                throw new IllegalArgumentException("position of row " + r + ": expected above the "
                        + rows.positions()[r - 1] + " of the row before it in slot " + slot + ", got "
                        + rows.positions()[r]);
            }
            if (!onward && isAmongFirst(r, rows.slots(), slot)) {
                throw new IllegalArgumentException(
                        "slot of row " + r + ": expected the rows of a slot together, got " + slot + " again");
            }
        }
    }

    private static boolean isAmongFirst(int count, int[] slots, int slot) {
        for (int r = 0; r < count; r++) {
            if (slots[r] == slot) {
                return true;
            }
        }
        return false;
    }
}
