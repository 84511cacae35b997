package dev.weir.backend.cpu;

/** The scores of opened attention, one head of a few rows of one slot at a time, with the bits of {@link AttentionStage}. */
record AttentionScoresStage(Workers workers, StepRows step, float scale, Window q, KeyValueCache keys, ShownKeys scores)
        implements Stage, Workers.Body {

    @Override
    public void run() {
        double itemNanos = Costs.copy(step.keysSeen() * keys.shape().headWidth()) / step.tiles();
        workers.run(step.tiles() * keys.shape().heads(), itemNanos, this);
    }

    @Override
    public void run(Worker worker, int from, int to) {
        for (int item = from; item < to; item++) {
            score(worker, item % step.tiles(), item / step.tiles());
        }
    }

    private void score(Worker worker, int tile, int head) {
        int first = step.firstRow(tile);
        int rows = step.endRow(tile) - first;
        int seenByLast = step.seen(first + rows - 1);
        int width = keys.shape().headWidth();
        Panels all = keys.head(step.slot(first), head);
        Window products = worker.weights(rows, seenByLast);
        Kernels kernels = worker.kernels();

        RowTiles queries = worker.rowTiles(q, first, head * width, rows, width);
        kernels.multiply(queries, 0, 1, all, 0, seenByLast, products, 0, false);
        for (int r = 0; r < rows; r++) {
            int seen = step.seen(first + r);
            kernels.scale(products, r, seen, scale);
            scores.put(products, r, seen, first + r, head);
        }
    }
}
