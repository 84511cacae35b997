package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import java.util.ArrayList;
import java.util.List;

/** Some consecutive rows of one slot: they share what attention reads of the slot's cache. */
record SlotTile(int firstRow, int rows) {

    /** The rows of a step, cut into tiles of so many rows at most. */
    static List<SlotTile> of(Rows rows, int tileRows) {
        var tiles = new ArrayList<SlotTile>();
        int first = 0;
        for (int r = 1; r <= rows.count(); r++) {
            if (r == rows.count() || r - first == tileRows || rows.slots()[r] != rows.slots()[first]) {
                tiles.add(new SlotTile(first, r - first));
                first = r;
            }
        }
        return tiles;
    }

    int slot(Rows all) {
        return all.slots()[firstRow];
    }

    /** The keys that the first of its rows sees. */
    int seenByFirst(Rows all) {
        return all.positions()[firstRow] + 1;
    }

    /** The keys that one of its rows sees. */
    int seenBy(Rows all, int row) {
        return all.positions()[firstRow + row] + 1;
    }

    /** The keys that any of its rows sees. */
    int seenByLast(Rows all) {
        return seenBy(all, rows - 1);
    }

    /** The keys that the rows of a step see, all together. */
    static double keysSeen(Rows all) {
        double seen = 0;
        for (int position : all.positions()) {
            seen += position + 1;
        }
        return seen;
    }

    /**
     * The sum over the keys that each row sees of its weight times the key's value. Keys that all rows see are multiplied together; what
     * the earlier rows must not see is never multiplied with theirs, not even by zero.
     *
     * @param weights of the first row's first key
     * @param out of the first row's first value
     */
    void mix(Worker worker, Rows all, Window weights, Panels values, Window out) {
        int shared = seenByFirst(all);
        Kernels kernels = worker.kernels();
        kernels.multiply(worker.rowTiles(weights, rows, shared), 0, 1, values.depths(0, shared), out, false);
        for (int r = 1; r < rows; r++) {
            int seen = seenBy(all, r);
            RowTiles rest = worker.rowTiles(weights.from(r, shared), 1, seen - shared);
            kernels.multiply(rest, 0, 1, values.depths(shared, seen), out.from(r, 0), true);
        }
    }
}
