package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;

/** Gathers rows of a table, from the file itself: a step reads few of them. */
record EmbedStage(Workers workers, WeightReader table, int columns, Function<Rows, int[]> ids, Window out)
        implements Stage {

    @Override
    public void run(Rows rows) {
        int[] wanted = ids.apply(rows);
        workers.run(wanted.length, Costs.transform(columns), (worker, from, to) -> {
            var row = new float[columns];
            for (int r = from; r < to; r++) {
                table.row(wanted[r], 0, columns, row);
                MemorySegment.copy(row, 0, out.data(), ValueLayout.JAVA_FLOAT, out.at(r, 0), columns);
            }
        });
    }
}
