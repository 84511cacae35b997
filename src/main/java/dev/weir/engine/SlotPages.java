package dev.weir.engine;

import dev.weir.backend.Backend.Workspace;
import dev.weir.model.State;
import dev.weir.program.Pages;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/** Which pages of a session's caches each slot has. */
final class SlotPages {

    private final Workspace workspace;
    private final Pages where;
    private final int count;
    private final int[] reach;

    /** Slots without a page, or, where a page has all positions of a slot, with one each. */
    SlotPages(Workspace workspace, State state) {
        this.workspace = workspace;
        where = state.pages();
        count = state.caches().getFirst().keys().rows() / where.rows();
        reach = new int[where.slots()];
        if (isWhole()) {
            for (int slot = 0; slot < where.slots(); slot++) {
                write(slot, slot);
            }
        }
    }

    private boolean isWhole() {
        return where.shift() == Pages.WHOLE;
    }

    /** Positions of a slot for which it has a page. */
    int reach(int slot) {
        return reach[slot];
    }

    /**
     * Gives a slot other pages than it had.
     *
     * @param pages in the order of its positions, none of them twice
     */
    void give(int slot, int[] pages) {
        if (isWhole()) {
            throw new IllegalStateException("pages of slot " + slot
                    + ": expected a session that was opened with pages, got one whose slots have memory of their own");
        }
        int room = where.table().columns();
        if (pages.length > room) {
            throw new IllegalArgumentException("pages of slot " + slot + ": expected at most the " + room + " of its "
                    + where.context() + " positions, got " + pages.length);
        }
        var given = new BitSet(count);
        for (int page : pages) {
            if (page < 0 || page >= count) {
                throw new IllegalArgumentException(
                        "pages of slot " + slot + ": expected pages from 0 to " + (count - 1) + ", got " + page);
            }
            if (given.get(page)) {
                throw new IllegalArgumentException(
                        "pages of slot " + slot + ": expected each once, got page " + page + " again");
            }
            given.set(page);
        }
        write(slot, pages);
    }

    private void write(int slot, int... pages) {
        int[] rows = Arrays.stream(pages).map(page -> page * where.rows()).toArray();
        workspace.write(where.table(), (long) slot * where.table().columns(), MemorySegment.ofArray(rows));
        reach[slot] = (int) Math.min(where.context(), (long) pages.length * where.rows());
    }
}
