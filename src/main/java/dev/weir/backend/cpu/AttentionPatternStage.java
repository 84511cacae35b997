package dev.weir.backend.cpu;

/** The pattern of opened attention: softmax of the scores of the keys that a row sees. */
record AttentionPatternStage(Workers workers, StepRows step, int heads, ShownKeys scores, ShownKeys pattern)
        implements Stage, Workers.Body {

    @Override
    public void run() {
        workers.run(step.count() * heads, Costs.transform(step.keysSeen()) / step.count(), this);
    }

    @Override
    public void run(Worker worker, int from, int to) {
        for (int item = from; item < to; item++) {
            int row = item / heads;
            int head = item % heads;
            int seen = step.seen(row);
            pattern.put(scores.values(), scores.index(row, head), seen, row, head);
            worker.kernels().softmax(pattern.values(), pattern.index(row, head), seen);
        }
    }
}
