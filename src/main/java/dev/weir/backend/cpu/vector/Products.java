package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.vector.Lanes.BYTES;
import static dev.weir.backend.cpu.vector.Lanes.COUNT;
import static dev.weir.backend.cpu.vector.Lanes.PANEL_WIDTH;

import dev.weir.backend.cpu.Panels;
import dev.weir.backend.cpu.RowTiles;
import dev.weir.backend.cpu.Window;
import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Cuts a product into the tiles that registers hold. Sums go back to memory between one stretch of depths and the next, which
 * changes none of them: every result is one chain of fused multiply-adds, whatever the tiles. Belongs to one thread.
 */
final class Products {

    /** Sixteen registers hold twelve sums beside what they are made of; thirty-two hold sixteen and what is loaded ahead. */
    private static final boolean SIXTEEN_REGISTERS =
            COUNT < 16 && !System.getProperty("os.arch").equals("aarch64");

    static final int TILE_ROWS = SIXTEEN_REGISTERS ? 6 : 8;

    private static final int MAX_TILE_ROWS = 8;

    /** Rows whose tile widens bfloat16 as it goes; for more, a panel is widened once. */
    private static final int WIDENING_ROWS = SIXTEEN_REGISTERS ? 4 : MAX_TILE_ROWS;

    /** Panels that one row is multiplied with at a time: so many streams read memory faster than one. */
    private static final int STREAMS = 4;

    /** Depths of a stretch: so much of a panel stays close while the tiles of a block pass by. */
    private static final int STRETCH = 768;

    /** Of a panel that is widened first, a shorter one: there are the panel and its wider copy to be kept. */
    private static final int WIDENED_STRETCH = 384;

    private static final long WIDENED_PANEL_BYTES =
            (WIDENED_STRETCH + 2L * Int8Tiles.SPARE) * PANEL_WIDTH * Float.BYTES;

    private final MemorySegment edge = buffer(2 * BYTES * MAX_TILE_ROWS);
    private final MemorySegment widened = buffer(2 * WIDENED_PANEL_BYTES);
    private final Stretch stretch = new Stretch();

    /** Of the product at hand: the addresses of its first panel and of its first result, and how far it is to the next row of results. */
    private long panels;

    private long results;
    private long rowBytes;

    private static MemorySegment buffer(long bytes) {
        return Arena.ofAuto().allocate(bytes, 64);
    }

    /** Some depths of one panel or of two, as a tile takes them; one after another in the same object. */
    private static final class Stretch {
        /** Bfloat16 or float32. */
        private DType type = DType.FLOAT32;

        private long address;
        private int panels;

        /** How far the second panel is from the first. */
        private long panelBytes;

        private int fromDepth;
        private int depth;

        void at(DType newType, long newAddress, int newPanels, long newPanelBytes) {
            type = newType;
            address = newAddress;
            panels = newPanels;
            panelBytes = newPanelBytes;
        }
    }

    void multiply(
            RowTiles x,
            int fromTile,
            int toTile,
            Panels w,
            int fromColumn,
            int toColumn,
            Window out,
            int outRow,
            boolean onward) {
        if (w.width() != PANEL_WIDTH || fromColumn % PANEL_WIDTH != 0) {
            throw new IllegalArgumentException("panels: expected " + PANEL_WIDTH + " columns wide, got " + w.width()
                    + ", from column " + fromColumn);
        }
        if (x.depth() > w.depth() || toColumn > w.columns()) {
            throw new IllegalArgumentException("matrix: expected at least " + x.depth() + " x " + toColumn + ", got "
                    + w.depth() + " x " + w.columns());
        }
        int fromRow = fromTile * x.tileRows();
        int rows = Math.min(x.rows(), toTile * x.tileRows()) - fromRow;
        int first = outRow + fromRow;
        results = Memory.address(out, first, first + rows, fromColumn, toColumn);
        rowBytes = out.rowBytes();
        panels = Memory.address(w.data(), w.offset(), w.bytes()) + fromColumn / PANEL_WIDTH * w.panelBytes();
        if (!onward) {
            for (int r = 0; r < rows; r++) {
                RowLoops.clear(results + r * rowBytes, toColumn - fromColumn);
            }
        }
        try {
            multiply(x, fromTile, toTile, rows, w, toColumn - fromColumn);
        } finally {
            Reference.reachabilityFence(this); // its buffers are in use as addresses
        }
    }

    private void multiply(RowTiles x, int fromTile, int toTile, int rows, Panels w, int columns) {
        int done = rows == 1 ? multiplyOne(x, x.tile(fromTile), w, columns) : 0;
        boolean inPairs = rows == 2 && toTile - fromTile == 1;
        boolean widens = widens(w.type(), rows);
        int longest = widens ? WIDENED_STRETCH : STRETCH;
        int whole = columns / PANEL_WIDTH;
        for (int k = 0; k < x.depth(); k += longest) {
            stretch.fromDepth = k;
            stretch.depth = Math.min(longest, x.depth() - k);
            int panel = done;
            while (panel < whole) {
                int together = inPairs && panel + 2 <= whole ? 2 : 1;
                load(w, panel, together, widens);
                multiplyTiles(x, fromTile, toTile, results + 2 * BYTES * panel);
                panel += together;
            }
            if (panel * PANEL_WIDTH < columns) {
                load(w, panel, 1, widens);
                multiplyEdge(x, fromTile, toTile, results + 2 * BYTES * panel, columns - panel * PANEL_WIDTH);
            }
        }
    }

    /** Whether panels are widened before their tiles, for so many rows. */
    private static boolean widens(DType type, int rows) {
        return type == DType.FLOAT16 || type == DType.INT8 || (type == DType.BFLOAT16 && rows > WIDENING_ROWS);
    }

    /** One row reads each weight once and from memory. Returns the first panel that is left. */
    private int multiplyOne(RowTiles tiles, int from, Panels w, int columns) {
        float[] x = tiles.data();
        int depth = tiles.depth();
        long panelBytes = w.panelBytes();
        if (w.type() == DType.INT8 && !Int8Tiles.fits(w, depth)) {
            return 0;
        }
        int panel = 0;
        for (; (panel + STREAMS) * PANEL_WIDTH <= columns; panel += STREAMS) {
            long to = results + 2 * BYTES * panel;
            long first = panels + panel * panelBytes;
            switch (w.type()) {
                case BFLOAT16 -> Bfloat16Tiles.oneByFour(x, from, first, panelBytes, depth, to);
                case FLOAT16 -> Float16Tiles.oneByFour(x, from, first, panelBytes, depth, to);
                case INT8 -> {
                    Int8Tiles.oneByTwo(x, from, first, panelBytes, depth, to);
                    Int8Tiles.oneByTwo(x, from, first + 2 * panelBytes, panelBytes, depth, to + 4 * BYTES);
                }
                default -> FloatTiles.oneByFour(x, from, first, panelBytes, depth, to);
            }
        }
        if (w.type() == DType.FLOAT32 && (panel + 2) * PANEL_WIDTH <= columns) { // the values of a narrow head
            FloatTiles.oneByTwo(x, from, panels + panel * panelBytes, panelBytes, depth, results + 2 * BYTES * panel);
            panel += 2;
        }
        return panel;
    }

    /** Makes the stretch one of these panels. */
    private void load(Panels w, int panel, int together, boolean widens) {
        long first = panels + panel * w.panelBytes();
        long skipped = (long) stretch.fromDepth * PANEL_WIDTH * w.type().bytes();
        if (!widens) {
            stretch.at(w.type(), first + skipped, together, w.panelBytes());
            return;
        }
        long begin = widened.address() + Int8Tiles.SPARE * 2 * BYTES;
        for (int p = 0; p < together; p++) {
            long from = first + p * w.panelBytes();
            long to = begin + p * WIDENED_PANEL_BYTES;
            switch (w.type()) {
                case INT8 -> Int8Tiles.widen(from, w.skipped() + stretch.fromDepth, stretch.depth, to);
                case FLOAT16 -> Float16Tiles.widen(from + skipped, stretch.depth, to);
                default -> Bfloat16Tiles.widen(from + skipped, stretch.depth, to);
            }
        }
        stretch.at(DType.FLOAT32, begin, together, WIDENED_PANEL_BYTES);
    }

    private void multiplyTiles(RowTiles x, int fromTile, int toTile, long out) {
        long to = out;
        for (int tile = fromTile; tile < toTile; tile++) {
            multiplyTile(x, tile, stretch, to, rowBytes);
            to += x.tileRows() * rowBytes;
        }
    }

    /** A panel that is not full works on a copy of its results, beside which there is room. */
    private void multiplyEdge(RowTiles x, int fromTile, int toTile, long out, int columns) {
        long copyRowBytes = 2 * BYTES;
        long to = out;
        for (int tile = fromTile; tile < toTile; tile++) {
            int rows = x.rowsOf(tile);
            copy(to, rowBytes, rows, columns, edge.address(), copyRowBytes);
            multiplyTile(x, tile, stretch, edge.address(), copyRowBytes);
            copy(edge.address(), copyRowBytes, rows, columns, to, rowBytes);
            to += x.tileRows() * rowBytes;
        }
    }

    private static void copy(long from, long fromBytes, int rows, int columns, long to, long toBytes) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                long at = (long) c * Float.BYTES;
                Memory.set(to + r * toBytes + at, Memory.get(from + r * fromBytes + at));
            }
        }
    }

    private static void multiplyTile(RowTiles x, int tile, Stretch s, long out, long rowBytes) {
        int rows = x.rowsOf(tile);
        int from = x.tile(tile) + s.fromDepth * rows;
        if (s.type == DType.BFLOAT16) {
            multiplyBfloat16(x.data(), from, rows, s, out, rowBytes);
        } else {
            multiplyFloat(x.data(), from, rows, s, out, rowBytes);
        }
    }

    private static void multiplyFloat(float[] x, int from, int rows, Stretch s, long out, long rowBytes) {
        switch (rows) {
            case 1 -> FloatTiles.one(x, from, s.address, s.depth, out);
            case 2 -> {
                if (s.panels == 2) {
                    FloatTiles.twoByTwo(x, from, s.address, s.panelBytes, s.depth, out, rowBytes);
                } else {
                    FloatTiles.two(x, from, s.address, s.depth, out, rowBytes);
                }
            }
            case 3 -> FloatTiles.three(x, from, s.address, s.depth, out, rowBytes);
            case 4 -> FloatTiles.four(x, from, s.address, s.depth, out, rowBytes);
            case 5 -> FloatTiles.five(x, from, s.address, s.depth, out, rowBytes);
            case 6 -> multiplySix(x, from, s, out, rowBytes);
            case 7 -> FloatTiles.seven(x, from, s.address, s.depth, out, rowBytes);
            case 8 -> FloatTiles.eight(x, from, s.address, s.depth, out, rowBytes);
            default -> throw new IllegalArgumentException("rows of a tile: expected 1 to 8, got " + rows);
        }
    }

    private static void multiplySix(float[] x, int from, Stretch s, long out, long rowBytes) {
        if (!SIXTEEN_REGISTERS) {
            FloatTiles.six(x, from, s.address, s.depth, out, rowBytes);
            return;
        }
        int even = s.depth & -2;
        FloatTiles.sixInTurn(x, from, s.address, even, out, rowBytes);
        if (even < s.depth) { // at one depth, six rows are three and three
            long last = s.address + 2 * BYTES * even;
            FloatTiles.three(x, from + 6 * even, last, 1, out, rowBytes);
            FloatTiles.three(x, from + 6 * even + 3, last, 1, out + 3 * rowBytes, rowBytes);
        }
    }

    private static void multiplyBfloat16(float[] x, int from, int rows, Stretch s, long out, long rowBytes) {
        switch (rows) {
            case 1 -> Bfloat16Tiles.one(x, from, s.address, s.depth, out);
            case 2 -> {
                if (s.panels == 2) {
                    Bfloat16Tiles.twoByTwo(x, from, s.address, s.panelBytes, s.depth, out, rowBytes);
                } else {
                    Bfloat16Tiles.two(x, from, s.address, s.depth, out, rowBytes);
                }
            }
            case 3 -> Bfloat16Tiles.three(x, from, s.address, s.depth, out, rowBytes);
            case 4 -> Bfloat16Tiles.four(x, from, s.address, s.depth, out, rowBytes);
            case 5 -> Bfloat16Tiles.five(x, from, s.address, s.depth, out, rowBytes);
            case 6 -> Bfloat16Tiles.six(x, from, s.address, s.depth, out, rowBytes);
            case 7 -> Bfloat16Tiles.seven(x, from, s.address, s.depth, out, rowBytes);
            case 8 -> Bfloat16Tiles.eight(x, from, s.address, s.depth, out, rowBytes);
            default -> throw new IllegalArgumentException("rows of a tile: expected 1 to 8, got " + rows);
        }
    }
}
