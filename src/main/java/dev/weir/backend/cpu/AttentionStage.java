package dev.weir.backend.cpu;

import org.jspecify.annotations.Nullable;

/**
 * Causal attention, one head of a few rows of one slot at a time: two products with the cache and a softmax between them.
 *
 * @param scores where somebody looks
 * @param pattern where somebody looks
 */
record AttentionStage(
        Workers workers,
        StepRows step,
        float scale,
        KeyProducts keys,
        Mixture mixture,
        @Nullable ShownKeys scores,
        @Nullable ShownKeys pattern)
        implements Stage, Workers.Body {

    @Override
    public void run() {
        double itemNanos = Costs.copy(2 * step.keysSeen() * keys.headWidth()) / step.tiles();
        workers.run(step.tiles() * keys.heads(), itemNanos, this);
    }

    @Override
    public void run(Worker worker, int from, int to) {
        for (int item = from; item < to; item++) {
            attend(worker, item % step.tiles(), item / step.tiles());
        }
    }

    private void attend(Worker worker, int tile, int head) {
        int first = step.firstRow(tile);
        int rows = step.endRow(tile) - first;
        Window weights = keys.products(worker, tile, head);
        for (int r = 0; r < rows; r++) {
            weigh(worker.kernels(), weights, r, first + r, head);
        }
        mixture.mix(worker, tile, head, weights, 0, 0);
    }

    /** Turns one row's products into scores and then into its pattern. */
    private void weigh(Kernels kernels, Window weights, int r, int row, int head) {
        int seen = step.seen(row);
        kernels.scale(weights, r, seen, scale);
        if (scores != null) {
            scores.put(weights, r, seen, row, head);
        }
        kernels.softmax(weights, r, seen);
        if (pattern != null) {
            pattern.put(weights, r, seen, row, head);
        }
    }
}
