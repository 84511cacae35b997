package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows in the layout in which a product takes them: cut into tiles of a few rows, and in a tile the values of all its rows at one
 * depth side by side. The rows of a tile share each weight that is loaded. The last tile may have fewer rows.
 *
 * @param data at least rows x depth long
 * @param tileRows rows of a tile
 */
public record RowTiles(float[] data, int rows, int depth, int tileRows) {

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
     * @param x [rows, depth]
     * @param row room for a row
     */
    void fill(Window x, int fromTile, int toTile, float[] row) {
        for (int tile = fromTile; tile < toTile; tile++) {
            int step = rowsOf(tile);
            for (int r = 0; r < step; r++) {
                long from = x.at((long) tile * tileRows + r, 0);
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
