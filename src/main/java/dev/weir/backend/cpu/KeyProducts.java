package dev.weir.backend.cpu;

/** The first part of attention: the products of queries with the keys that they see. */
record KeyProducts(StepRows step, KeyValueCache keys, Window q) {

    int heads() {
        return keys.shape().heads();
    }

    int headWidth() {
        return keys.shape().headWidth();
    }

    /**
     * The products of one head of a tile with the keys that its last row sees.
     *
     * @return where row 0 is the tile's first, in the worker's room for weights
     */
    Window products(Worker worker, int tile, int head) {
        int first = step.firstRow(tile);
        int rows = step.endRow(tile) - first;
        int seenByLast = step.seen(first + rows - 1);
        int slot = step.slot(first);
        PageTable pages = keys.pages();
        Window products = worker.weights(rows, seenByLast);
        RowTiles queries = worker.rowTiles(q, first, head * headWidth(), rows, headWidth());
        for (int index = 0; index <= pages.index(seenByLast - 1); index++) {
            int key = pages.first(index);
            int count = Math.min(seenByLast, pages.end(index)) - key;
            Panels page = keys.head(slot, index, head);
            worker.kernels().multiply(queries, 0, 1, page, 0, count, worker.weightsFrom(key), 0, false);
        }
        return products;
    }
}
