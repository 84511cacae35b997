package dev.weir.backend.cpu;

import dev.weir.program.Pages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Which pages of a cache the slots have, read where the state keeps it.
 *
 * @param rows int32 [slots, pages of a slot]: the row of the cache at which each begins
 * @param pageRows rows of a page
 * @param shift see {@link Pages}
 */
record PageTable(MemorySegment rows, int pagesOfSlot, int pageRows, int shift) {

    static PageTable of(Pages pages, MemorySegment rows) {
        return new PageTable(rows, pages.table().columns(), pages.rows(), pages.shift());
    }

    /** Which page of its slot has a position. */
    int index(int position) {
        return position >> shift;
    }

    /** The first position of a page of a slot. */
    int first(int index) {
        return index << shift;
    }

    /** The position after the last of a page of a slot. */
    int end(int index) {
        return first(index) + pageRows;
    }

    /** Which page of the cache it is. */
    int page(int slot, int index) {
        return rows.getAtIndex(ValueLayout.JAVA_INT, (long) slot * pagesOfSlot + index) / pageRows;
    }
}
