package dev.weir.backend.cpu;

import dev.weir.hook.Rows;

/** Puts each row's keys or values into its slot of the cache. */
record AppendStage(Workers workers, KeyValueCache cache, Window x) implements Stage {

    @Override
    public void run(Rows rows) {
        int heads = cache.shape().heads();
        int headWidth = cache.shape().headWidth();
        workers.run(heads, Costs.copy((double) rows.count() * headWidth), (worker, from, to) -> {
            for (int head = from; head < to; head++) {
                for (int r = 0; r < rows.count(); r++) {
                    cache.put(rows.slots()[r], head, rows.positions()[r], x.from(r, (long) head * headWidth));
                }
            }
        });
    }
}
