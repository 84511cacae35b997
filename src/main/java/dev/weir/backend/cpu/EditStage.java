package dev.weir.backend.cpu;

import dev.weir.hook.Heads;
import dev.weir.program.EditState;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Changes the rows at the positions that the controls of their slot name, of these the heads that they name, and copies the rest. */
record EditStage(
        Workers workers,
        StepRows step,
        RowChange change,
        MemorySegment controls,
        Window x,
        int columns,
        int groups,
        Window out)
        implements Stage, Workers.Body {

    @Override
    public void run() {
        workers.run(step.count(), Costs.transform(columns), this);
    }

    @Override
    public void run(Worker worker, int from, int to) {
        for (int r = from; r < to; r++) {
            edit(worker.kernels(), step.slot(r), step.position(r), r);
        }
    }

    private void edit(Kernels kernels, int slot, int position, int row) {
        if (control(slot, 1) <= position && position < control(slot, 2)) {
            change.apply(kernels, position, Float.intBitsToFloat(control(slot, 0)), x, row, columns, out);
            restore(heads(slot), row);
        } else {
            RowChange.copy(x, row, 0, columns, out);
        }
    }

    /** Copies the heads that are not to change. */
    private void restore(Heads heads, int row) {
        int width = columns / groups;
        for (int group = 0; group < groups && heads.areSome(); group++) {
            if (!heads.contains(group)) {
                RowChange.copy(x, row, group * width, width, out);
            }
        }
    }

    private Heads heads(int slot) {
        return new Heads(Integer.toUnsignedLong(control(slot, 3)) | ((long) control(slot, 4) << Integer.SIZE));
    }

    private int control(int slot, int word) {
        return controls.getAtIndex(ValueLayout.JAVA_INT, (long) slot * EditState.WORDS + word);
    }
}
