package dev.weir.backend.cpu;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The last part of attention: the sum over the keys that a row sees of its weight times the key's value.
 *
 * @param z where each head's results go
 */
record Mixture(StepRows step, KeyValueCache values, List<Window> z) {

    /**
     * A mixture of the values of a cache.
     *
     * @param z [rows, heads x dh]
     */
    static Mixture of(StepRows step, KeyValueCache values, Window z) {
        int headWidth = values.shape().headWidth();
        return new Mixture(
                step,
                values,
                IntStream.range(0, values.shape().heads())
                        .mapToObj(head -> z.from(0, (long) head * headWidth))
                        .toList());
    }

    /**
     * Mixes for one head of a tile. Keys that all its rows see are multiplied together; what the earlier rows must not see is never
     * multiplied with theirs, not even by zero.
     *
     * @param weights whose row {@code row} is the tile's first, from {@code column} on
     */
    void mix(Worker worker, int tile, int head, Window weights, int row, int column) {
        int first = step.firstRow(tile);
        int rows = step.endRow(tile) - first;
        int shared = step.seen(first);
        mix(worker, head, first, rows, 0, shared, weights, row, column);
        for (int r = 1; r < rows; r++) {
            mix(worker, head, first + r, 1, shared, step.seen(first + r), weights, row + r, column);
        }
    }

    /** Adds some keys to some rows, page after page: sums go on where the page before left them. */
    private void mix(
            Worker worker, int head, int first, int rows, int fromKey, int toKey, Window weights, int row, int column) {
        PageTable pages = values.pages();
        int width = values.shape().headWidth();
        int end;
        for (int key = fromKey; key < toKey; key = end) {
            int index = pages.index(key);
            end = Math.min(toKey, pages.end(index));
            int skipped = key - pages.first(index);
            Panels page = values.head(step.slot(first), index, head);
            Panels from = skipped == 0 ? page : page.depths(skipped, page.depth());
            RowTiles part = worker.rowTiles(weights, row, column + key, rows, end - key);
            worker.kernels().multiply(part, 0, 1, from, 0, width, z.get(head), first, key > 0);
        }
    }
}
