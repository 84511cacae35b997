package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import java.util.List;

/** The scores of opened attention, one head of a few rows of one slot at a time, with the bits of {@link AttentionStage}. */
record AttentionScoresStage(
        Workers workers, int heads, int headWidth, float scale, Window q, KeyValueCache keys, ShownKeys scores)
        implements Stage {

    @Override
    public void run(Rows rows) {
        List<SlotTile> tiles = SlotTile.of(rows, workers.tileRows());
        double itemNanos = Costs.copy(SlotTile.keysSeen(rows) * headWidth) / tiles.size();
        workers.run(tiles.size() * heads, itemNanos, (worker, from, to) -> {
            for (int item = from; item < to; item++) {
                score(worker, rows, tiles.get(item % tiles.size()), item / tiles.size());
            }
        });
    }

    private void score(Worker worker, Rows rows, SlotTile tile, int head) {
        int seenByLast = tile.seenByLast(rows);
        Kernels kernels = worker.kernels();
        Window products = worker.rows(tile.rows(), seenByLast);
        Window queries = q.from(tile.firstRow(), (long) head * headWidth);
        Panels seenKeys = keys.head(tile.slot(rows), head).columns(seenByLast);
        kernels.multiply(worker.rowTiles(queries, tile.rows(), headWidth), 0, 1, seenKeys, products, false);
        for (int r = 0; r < tile.rows(); r++) {
            int seen = tile.seenBy(rows, r);
            kernels.scale(products.from(r, 0), seen, scale);
            scores.put(products.from(r, 0), seen, tile.firstRow() + r, head);
        }
    }
}
