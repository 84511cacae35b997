package dev.weir.backend.cpu;

/**
 * The last part of opened attention, one head of a few rows of one slot at a time, with the bits of {@link AttentionStage}.
 *
 * @param pattern [rows, heads x keys]
 */
record AttentionMixStage(
        Workers workers, StepRows step, int heads, int headWidth, int keys, Window pattern, Mixture mixture)
        implements Stage, Workers.Body {

    @Override
    public void run() {
        workers.run(step.tiles() * heads, Costs.copy(step.keysSeen() * headWidth) / step.tiles(), this);
    }

    @Override
    public void run(Worker worker, int from, int to) {
        for (int item = from; item < to; item++) {
            int tile = item % step.tiles();
            int head = item / step.tiles();
            mixture.mix(worker, tile, head, pattern, step.firstRow(tile), head * keys);
        }
    }
}
