package dev.weir.backend.cpu;

import dev.weir.hook.Rows;

/**
 * The rows of the step that runs, where every stage of a plan looks for them, and how attention takes them: as tiles of consecutive rows
 * of one slot, which share what is read of the slot's cache.
 */
final class StepRows {

    private final int tileRows;
    private final int[] firstRows;
    private int tiles;
    private double keysSeen;
    private Rows rows = new Rows(new int[1], new int[1], new int[1], new int[1]);

    /**
     * No step yet.
     *
     * @param count rows of every step
     * @param tileRows the most rows of a tile
     */
    StepRows(int count, int tileRows) {
        this.tileRows = tileRows;
        firstRows = new int[count + 1];
    }

    /** Begins a step. */
    void begin(Rows next) {
        rows = next;
        tiles = 0;
        keysSeen = 0;
        for (int r = 0; r < next.count(); r++) {
            if (r == 0 || r - firstRows[tiles - 1] == tileRows || slot(r) != slot(r - 1)) {
                firstRows[tiles++] = r;
            }
            keysSeen += seen(r);
        }
        firstRows[tiles] = next.count();
    }

    Rows rows() {
        return rows;
    }

    int count() {
        return rows.count();
    }

    int slot(int row) {
        return rows.slots()[row];
    }

    int position(int row) {
        return rows.positions()[row];
    }

    /** The keys that a row sees. */
    int seen(int row) {
        return position(row) + 1;
    }

    /** The keys that the rows see, all together. */
    double keysSeen() {
        return keysSeen;
    }

    /** The number of tiles. */
    int tiles() {
        return tiles;
    }

    int firstRow(int tile) {
        return firstRows[tile];
    }

    /** The row after a tile's last. */
    int endRow(int tile) {
        return firstRows[tile + 1];
    }
}
