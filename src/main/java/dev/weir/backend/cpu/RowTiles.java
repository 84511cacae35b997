package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows in the layout in which a product takes them: cut into tiles of a few rows, and in a tile the values of all its rows at one
 * depth side by side. The rows of a tile share each weight that is loaded. The last tile may have fewer rows. Its memory serves one
 * product after another.
 */
public final class RowTiles {

    private final int tileRows;
    private float[] data = {};
    private int rows;
    private int depth;

    /** No rows yet. */
    public RowTiles(int tileRows) {
        this.tileRows = tileRows;
    }

    /** Makes room for so many rows; those that were here are gone. */
    void begin(int newRows, int newDepth) {
        int size = Math.multiplyExact(newRows, newDepth);
        if (data.length < size) {
            data = new float[size];
        }
        rows = newRows;
        depth = newDepth;
    }

    /** At least rows x depth long. */
    public float[] data() {
        return data;
    }

    public int rows() {
        return rows;
    }

    public int depth() {
        return depth;
    }

    /** Rows of a tile. */
    public int tileRows() {
        return tileRows;
    }

    /** The number of tiles. */
    public int count() {
        return (rows + tileRows - 1) / tileRows;
    }

    /** The rows of one tile. */
    public int rowsOf(int tile) {
        return Math.min(tileRows, rows - tile * tileRows);
    }

    /** Where the values of a tile begin. */
    public int tile(int tile) {
        return tile * tileRows * depth;
    }

    /** One element. */
    public float get(int row, int k) {
        int tile = row / tileRows;
        return data[tile(tile) + k * rowsOf(tile) + row % tileRows];
    }

    /**
     * Brings some tiles here.
     *
     * @param x where row 0 is row {@code fromRow}, from {@code fromColumn} on
     * @param row room for a row
     */
    void fill(Window x, int fromRow, int fromColumn, int fromTile, int toTile, float[] row) {
        for (int tile = fromTile; tile < toTile; tile++) {
            int step = rowsOf(tile);
            for (int r = 0; r < step; r++) {
                long from = x.at(fromRow + tile * tileRows + r, fromColumn);
                if (step == 1) {
                    MemorySegment.copy(x.data(), ValueLayout.JAVA_FLOAT, from, data, tile(tile), depth);
                } else {
                    MemorySegment.copy(x.data(), ValueLayout.JAVA_FLOAT, from, row, 0, depth);
                    spread(row, tile(tile) + r, step);
                }
            }
        }
    }

    private void spread(float[] row, int to, int step) {
        for (int k = 0; k < depth; k++) {
            data[to + k * step] = row[k];
        }
    }
}
