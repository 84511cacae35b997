package dev.weir.batching;

/**
 * How busy a {@link Scheduler} is.
 *
 * @param waiting requests that have not begun
 * @param running requests that take part in steps
 * @param pages of keys and values in all
 * @param usedPages of them, by running requests
 * @param sharedPages pages that are kept for prompts to come; those that no running request uses are given away when room is needed
 * @param isBroken whether the machine failed, so that nothing will run any more
 */
public record Load(int waiting, int running, int pages, int usedPages, int sharedPages, boolean isBroken) {

    Load withWaiting(int requests) {
        return new Load(requests, running, pages, usedPages, sharedPages, isBroken);
    }
}
