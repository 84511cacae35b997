package dev.weir.backend.cpu;

import dev.weir.hook.Heads;
import dev.weir.hook.Rows;
import dev.weir.program.EditState;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Changes the rows at the positions that the controls of their slot name, of these the heads that they name, and copies the rest. */
record EditStage(
        Workers workers, RowChange change, MemorySegment controls, Window x, int columns, int groups, Window out)
        implements Stage {

    @Override
    public void run(Rows rows) {
        workers.run(rows.count(), Costs.transform(columns), (worker, from, to) -> {
            for (int r = from; r < to; r++) {
                Window row = x.from(r, 0);
                edit(worker.kernels(), rows.slots()[r], rows.positions()[r], row, out.from(r, 0));
            }
        });
    }

    private void edit(Kernels kernels, int slot, int position, Window row, Window to) {
        if (control(slot, 1) <= position && position < control(slot, 2)) {
            change.apply(kernels, position, Float.intBitsToFloat(control(slot, 0)), row, columns, to);
            restore(heads(slot), row, to);
        } else {
            RowChange.copy(row, columns, to);
        }
    }

    /** Copies the heads that are not to change. */
    private void restore(Heads heads, Window row, Window to) {
        int width = columns / groups;
        for (int group = 0; group < groups && heads.areSome(); group++) {
            if (!heads.contains(group)) {
                RowChange.copy(row.from(0, (long) group * width), width, to.from(0, (long) group * width));
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
