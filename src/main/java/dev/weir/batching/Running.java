package dev.weir.batching;

import dev.weir.engine.Sequence;
import java.util.Optional;

/**
 * A request that takes part in steps.
 *
 * @param slot of the session
 * @param lease the pages that it may write, and those that it shares
 * @param recorded what was traced of its pages, where others may use it
 */
record Running(Ticket ticket, int slot, Lease lease, Optional<TracedPages> recorded) {

    Sequence sequence() {
        return ticket.sequence();
    }
}
