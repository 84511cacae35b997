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
        int width = values.shape().headWidth();
        Panels all = values.head(step.slot(first), head);
        Window out = z.get(head);
        Kernels kernels = worker.kernels();
        kernels.multiply(worker.rowTiles(weights, row, column, rows, shared), 0, 1, all, 0, width, out, first, false);
        for (int r = 1; r < rows; r++) {
            int seen = step.seen(first + r);
            RowTiles rest = worker.rowTiles(weights, row + r, column + shared, 1, seen - shared);
            kernels.multiply(rest, 0, 1, all.depths(shared, seen), 0, width, out, first + r, true);
        }
    }
}
