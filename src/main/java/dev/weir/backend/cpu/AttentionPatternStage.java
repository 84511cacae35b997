package dev.weir.backend.cpu;

import dev.weir.hook.Rows;

/** The pattern of opened attention: softmax of the scores of the keys that a row sees. */
record AttentionPatternStage(Workers workers, int heads, ShownKeys scores, ShownKeys pattern) implements Stage {

    @Override
    public void run(Rows rows) {
        double itemNanos = Costs.transform(SlotTile.keysSeen(rows)) / rows.count();
        workers.run(rows.count() * heads, itemNanos, (worker, from, to) -> {
            for (int item = from; item < to; item++) {
                int row = item / heads;
                int head = item % heads;
                int seen = rows.positions()[row] + 1;
                pattern.put(scores.of(row, head), seen, row, head);
                worker.kernels().softmax(pattern.of(row, head), seen);
            }
        });
    }
}
