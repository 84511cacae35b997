package dev.weir.engine;

import dev.weir.hook.Rows;
import dev.weir.model.State;

/** How many positions each slot of a session holds, and which rows may follow them. */
final class SlotPositions {

    private final State state;
    private final int vocabulary;
    private final SlotPages pages;
    private final int[] lengths;
    private final int[] next;

    /** Slots that hold nothing. */
    SlotPositions(State state, int vocabulary, SlotPages pages) {
        this.state = state;
        this.vocabulary = vocabulary;
        this.pages = pages;
        lengths = new int[state.pages().slots()];
        next = new int[lengths.length];
    }

    int length(int slot) {
        return lengths[slot];
    }

    /** Says how many positions a slot holds, see {@link Session#resume}. */
    void resume(int slot, int length) {
        requireSlot("resume", slot);
        if (length < 0 || length > pages.reach(slot)) {
            throw new IllegalArgumentException("resume: expected from 0 to the " + pages.reach(slot)
                    + " positions for which slot " + slot + " has pages, got " + length);
        }
        lengths[slot] = length;
    }

    /** Rows went through the model. */
    void moveOn(Rows rows) {
        for (int r = 0; r < rows.count(); r++) {
            lengths[rows.slots()[r]] = rows.positions()[r] + 1;
        }
    }

    /** Refuses a slot that the session does not have. */
    void requireSlot(String what, int slot) {
        if (!isSlot(slot)) {
            throw new IllegalArgumentException(what + ": expected a slot below " + lengths.length + ", got " + slot);
        }
    }

    private boolean isSlot(int slot) {
        return slot >= 0 && slot < lengths.length;
    }

    /** Refuses rows that do not continue what their slots hold. */
    void requireContinuation(Rows rows) {
        if (rows.count() > state.inputs().rows()) {
            throw new IllegalArgumentException(
                    "step: expected at most " + state.inputs().rows() + " rows, got " + rows.count());
        }
        System.arraycopy(lengths, 0, next, 0, next.length);
        for (int r = 0; r < rows.count(); r++) {
            int slot = rows.slots()[r];
            int position = rows.positions()[r];
            int token = rows.tokens()[r];
            if (!isSlot(slot)) {
                requireSlot("step row " + r, slot);
            }
            if (position != next[slot]) {
                throw new IllegalArgumentException("step row " + r + ": expected position " + next[slot] + " of slot "
                        + slot + ", got " + position);
            }
            if (position >= state.context()) {
                throw new IllegalArgumentException(
                        "step row " + r + ": expected a position below " + state.context() + ", got " + position);
            }
            if (position >= pages.reach(slot)) {
                throw new IllegalArgumentException("step row " + r + ": expected a position below the "
                        + pages.reach(slot) + " for which slot " + slot + " has pages, got " + position);
            }
            if (token < 0 || token >= vocabulary) {
                throw new IllegalArgumentException(
                        "token id " + token + ": expected one below the vocabulary size " + vocabulary);
            }
            next[slot]++;
        }
    }
}
