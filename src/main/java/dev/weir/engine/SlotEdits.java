package dev.weir.engine;

import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** What is changed in the rows of each slot of a session: first what a step changes in all of them, then what is the slot's own. */
final class SlotEdits {

    private final EditMemory memory;
    private final List<Edits> own;
    private Edits newestOfStep = Edits.NONE;
    private Optional<List<EditLane>> newestLanes = Optional.empty();

    /**
     * Slots in which nothing is changed.
     *
     * @param memory knows what fits
     */
    SlotEdits(EditMemory memory, int slots) {
        this.memory = memory;
        own = new ArrayList<>(Collections.nCopies(slots, Edits.NONE));
    }

    /** Gives a slot other edits of its own than it had. */
    void set(int slot, Edits changes) {
        requireCountedFromZero(changes);
        if (!changes.equals(own.set(slot, changes))) {
            newestLanes = Optional.empty();
        }
    }

    /** What each slot has of a step's edits and its own, in this order; the very list of the newest step if nothing is new. */
    List<EditLane> lanes(Edits ofStep) {
        if (newestLanes.isEmpty() || !ofStep.equals(newestOfStep)) {
            requireCountedFromZero(ofStep);
            List<EditLane> changed = EditLane.of(own.stream().map(ofStep::and).toList());
            memory.requireFit(changed);
            newestLanes = Optional.of(changed);
            newestOfStep = ofStep;
        }
        return newestLanes.get();
    }

    private static void requireCountedFromZero(Edits edits) {
        for (Edits.At at : edits.all()) {
            if (at.edit() instanceof Edit.OnMachine edit && edit.span().ofPrompt()) {
                throw new IllegalArgumentException("edit at " + at.point() + ": expected positions counted from 0, got "
                        + edit.span() + " of a prompt; a session knows none");
            }
        }
    }
}
