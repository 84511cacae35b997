package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;

/** Gathers rows of a table, from the file itself: a step reads few of them. */
record EmbedStage(
        Workers workers, StepRows step, WeightReader table, int columns, Function<Rows, int[]> ids, Window out)
        implements Stage, Workers.Body {

    @Override
    public void run() {
        workers.run(step.count(), Costs.transform(columns), this);
    }

    @Override
    public void run(Worker worker, int from, int to) {
        int[] wanted = ids.apply(step.rows());
        float[] row = worker.row(columns);
        for (int r = from; r < to; r++) {
            table.row(wanted[r], 0, columns, row);
            MemorySegment.copy(row, 0, out.data(), ValueLayout.JAVA_FLOAT, out.at(r, 0), columns);
        }
    }
}
