package dev.weir.backend.cpu;

/** Puts each row's keys or values into its slot of the cache. */
record AppendStage(Workers workers, StepRows step, KeyValueCache cache, Window x) implements Stage, Workers.Body {

    @Override
    public void run() {
        int headWidth = cache.shape().headWidth();
        workers.run(cache.shape().heads(), Costs.scatter((double) step.count() * headWidth), this);
    }

    @Override
    public void run(Worker worker, int from, int to) {
        for (int head = from; head < to; head++) {
            for (int r = 0; r < step.count(); r++) {
                cache.put(step.slot(r), head, step.position(r), x, r);
            }
        }
    }
}
