package dev.weir.batching;

import dev.weir.engine.Session;
import dev.weir.engine.Session.StepResult;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;

/** A slot with a page that no request has, to ask the machine whether it still works. */
final class SpareSlot {

    private final Session session;
    private final int slot;

    /**
     * The last slot of a session and its last page.
     *
     * @param slot its number
     * @param page likewise
     */
    SpareSlot(Session session, int slot, int page) {
        this.session = session;
        this.slot = slot;
        session.pages(slot, new int[] {page});
    }

    /** Whether the machine still computes a row. It takes the memory of a step, so what that shows ought to have been recorded. */
    boolean works() {
        try {
            session.reset(slot);
            StepResult result =
                    session.step(new Rows(new int[] {slot}, new int[] {0}, new int[] {0}, new int[] {0}), Hooks.NONE);
            result.logits(0);
            return true;
        } catch (RuntimeException | Error e) {
            return false;
        }
    }
}
