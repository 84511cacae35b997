package dev.weir.backend.cpu;

/** The scores of opened attention, one head of a few rows of one slot at a time, with the bits of {@link AttentionStage}. */
record AttentionScoresStage(Workers workers, StepRows step, float scale, KeyProducts keys, ShownKeys scores)
        implements Stage, Workers.Body {

    @Override
    public void run() {
        double itemNanos = Costs.copy(step.keysSeen() * keys.headWidth()) / step.tiles();
        workers.run(step.tiles() * keys.heads(), itemNanos, this);
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
        Window products = keys.products(worker, tile, head);
        for (int r = 0; r < rows; r++) {
            int seen = step.seen(first + r);
            worker.kernels().scale(products, r, seen, scale);
            scores.put(products, r, seen, first + r, head);
        }
    }
}
