package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Causal attention, one head of a few rows of one slot at a time: two products with the cache and a softmax between them.
 */
final class AttentionStage implements Stage {

    private final Workers workers;
    private final int heads;
    private final int headWidth;
    private final float scale;
    private final Window q;
    private final KeyValueCache keys;
    private final KeyValueCache values;
    private final Window z;
    private final @Nullable ShownKeys scores;
    private final @Nullable ShownKeys pattern;

    AttentionStage(
            Workers workers,
            int heads,
            int headWidth,
            float scale,
            Window q,
            KeyValueCache keys,
            KeyValueCache values,
            Window z,
            @Nullable ShownKeys scores,
            @Nullable ShownKeys pattern) {
        this.workers = workers;
        this.heads = heads;
        this.headWidth = headWidth;
        this.scale = scale;
        this.q = q;
        this.keys = keys;
        this.values = values;
        this.z = z;
        this.scores = scores;
        this.pattern = pattern;
    }

    @Override
    public void run(Rows rows) {
        List<SlotTile> tiles = SlotTile.of(rows, workers.tileRows());
        double itemNanos = Costs.copy(2 * SlotTile.keysSeen(rows) * headWidth) / tiles.size();
        workers.run(tiles.size() * heads, itemNanos, (worker, from, to) -> {
            for (int item = from; item < to; item++) {
                attend(worker, rows, tiles.get(item % tiles.size()), item / tiles.size());
            }
        });
    }

    private void attend(Worker worker, Rows rows, SlotTile tile, int head) {
        int slot = tile.slot(rows);
        int seenByLast = tile.seenByLast(rows);
        long column = (long) head * headWidth;
        Kernels kernels = worker.kernels();
        Window weights = worker.rows(tile.rows(), seenByLast);

        Panels seenKeys = keys.head(slot, head).columns(seenByLast);
        RowTiles queries = worker.rowTiles(q.from(tile.firstRow(), column), tile.rows(), headWidth);
        kernels.multiply(queries, 0, 1, seenKeys, weights, false);
        for (int r = 0; r < tile.rows(); r++) {
            weigh(kernels, weights.from(r, 0), tile.seenBy(rows, r), tile.firstRow() + r, head);
        }
        tile.mix(worker, rows, weights, values.head(slot, head), z.from(tile.firstRow(), column));
    }

    /** Turns one row's products into scores and then into its pattern. */
    private void weigh(Kernels kernels, Window weights, int seen, int row, int head) {
        kernels.scale(weights, seen, scale);
        show(weights, seen, scores, row, head);
        kernels.softmax(weights, seen);
        show(weights, seen, pattern, row, head);
    }

    private static void show(Window weights, int seen, @Nullable ShownKeys shown, int row, int head) {
        if (shown != null) {
            shown.put(weights, seen, row, head);
        }
    }
}
