package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import java.util.List;

/** The last part of opened attention, one head of a few rows of one slot at a time, with the bits of {@link AttentionStage}. */
record AttentionMixStage(Workers workers, int heads, int headWidth, ShownKeys pattern, KeyValueCache values, Window z)
        implements Stage {

    @Override
    public void run(Rows rows) {
        List<SlotTile> tiles = SlotTile.of(rows, workers.tileRows());
        double itemNanos = Costs.copy(SlotTile.keysSeen(rows) * headWidth) / tiles.size();
        workers.run(tiles.size() * heads, itemNanos, (worker, from, to) -> {
            for (int item = from; item < to; item++) {
                SlotTile tile = tiles.get(item % tiles.size());
                int head = item / tiles.size();
                Window weights = pattern.of(tile.firstRow(), head);
                Window out = z.from(tile.firstRow(), (long) head * headWidth);
                tile.mix(worker, rows, weights, values.head(tile.slot(rows), head), out);
            }
        });
    }
}
