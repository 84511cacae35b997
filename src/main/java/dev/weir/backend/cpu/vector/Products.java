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
 * changes none of them: every result is one chain of fused multiply-adds, whatever the tiles.
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

    private static MemorySegment buffer(long bytes) {
        return Arena.ofAuto().allocate(bytes, 64);
    }

    /** Some tiles of the rows. */
    private record Block(RowTiles x, int fromTile, int toTile) {
        int tiles() {
            return toTile - fromTile;
        }

        int fromRow() {
            return fromTile * x.tileRows();
        }

        int toRow() {
            return Math.min(x.rows(), toTile * x.tileRows());
        }

        int rows() {
            return toRow() - fromRow();
        }
    }

    /** A matrix, and the address of its panels. */
    private record Weights(Panels panels, long address) {
        long panel(int index) {
            return address + index * panels.panelBytes();
        }
    }

    /** Where results go: the address of the first of row 0, and how far it is to the next row. */
    private record Results(long address, long rowBytes) {
        Results panel(int index) {
            return new Results(address + 2 * BYTES * index, rowBytes);
        }

        Results row(long row) {
            return new Results(address + row * rowBytes, rowBytes);
        }
    }

    /**
     * Some depths of one panel or of two, as a tile takes them.
     *
     * @param type bfloat16 or float32
     * @param address where they begin
     * @param panelBytes how far the second panel is from the first
     */
    private record Stretch(DType type, long address, long panelBytes, int panels, int fromDepth, int depth) {}

    void multiply(RowTiles x, int fromTile, int toTile, Panels w, Window out, boolean onward) {
        if (w.width() != PANEL_WIDTH) {
            throw new IllegalArgumentException("panels: expected " + PANEL_WIDTH + " columns wide, got " + w.width());
        }
        var block = new Block(x, fromTile, toTile);
        var weights = new Weights(w, Memory.address(w.data(), w.offset(), w.bytes()));
        var results = new Results(Memory.address(out, block.toRow(), w.columns()), out.rowBytes());
        if (!onward) {
            clear(out, block, w.columns());
        }
        try {
            multiply(block, weights, results);
        } finally {
            Reference.reachabilityFence(this); // its buffers are in use as addresses
        }
    }

    private static void clear(Window out, Block block, int columns) {
        for (int r = block.fromRow(); r < block.toRow(); r++) {
            out.data().asSlice(out.at(r, 0), (long) columns * Float.BYTES).fill((byte) 0);
        }
    }

    private void multiply(Block block, Weights weights, Results out) {
        Panels w = weights.panels;
        int done = block.rows() == 1 ? multiplyOne(block, weights, out) : 0;
        boolean inPairs = block.rows() == 2 && block.tiles() == 1;
        boolean widens = widens(w.type(), block.rows());
        int longest = widens ? WIDENED_STRETCH : STRETCH;
        int whole = w.columns() / PANEL_WIDTH;
        for (int k = 0; k < w.depth(); k += longest) {
            int depth = Math.min(longest, w.depth() - k);
            int panel = done;
            while (panel < whole) {
                int panels = inPairs && panel + 2 <= whole ? 2 : 1;
                multiply(block, stretch(weights, panel, panels, k, depth, widens), out.panel(panel));
                panel += panels;
            }
            if (panel < w.count()) {
                int columns = w.columns() - panel * PANEL_WIDTH;
                multiplyEdge(block, stretch(weights, panel, 1, k, depth, widens), out.panel(panel), columns);
            }
        }
    }

    /** Whether panels are widened before their tiles, for so many rows. */
    private static boolean widens(DType type, int rows) {
        return type == DType.FLOAT16 || type == DType.INT8 || (type == DType.BFLOAT16 && rows > WIDENING_ROWS);
    }

    /** One row reads each weight once and from memory. Returns the first panel that is left. */
    private static int multiplyOne(Block block, Weights weights, Results out) {
        Panels w = weights.panels;
        if (w.type() == DType.INT8 && !Int8Tiles.fits(w)) {
            return 0;
        }
        float[] x = block.x.data();
        int from = block.x.tile(block.fromTile);
        int panel = 0;
        for (; (panel + STREAMS) * PANEL_WIDTH <= w.columns(); panel += STREAMS) {
            long to = out.panel(panel).row(block.fromRow()).address;
            long first = weights.panel(panel);
            switch (w.type()) {
                case BFLOAT16 -> Bfloat16Tiles.oneByFour(x, from, first, w.panelBytes(), w.depth(), to);
                case FLOAT16 -> Float16Tiles.oneByFour(x, from, first, w.panelBytes(), w.depth(), to);
                case INT8 -> {
                    Int8Tiles.oneByTwo(x, from, first, w.panelBytes(), w.depth(), to);
                    long next = first + 2 * w.panelBytes();
                    Int8Tiles.oneByTwo(x, from, next, w.panelBytes(), w.depth(), to + 4 * BYTES);
                }
                default -> FloatTiles.oneByFour(x, from, first, w.panelBytes(), w.depth(), to);
            }
        }
        return panel;
    }

    private Stretch stretch(Weights weights, int panel, int panels, int fromDepth, int depth, boolean widens) {
        Panels w = weights.panels;
        long skipped = (long) fromDepth * PANEL_WIDTH * w.type().bytes();
        if (!widens) {
            return new Stretch(w.type(), weights.panel(panel) + skipped, w.panelBytes(), panels, fromDepth, depth);
        }
        long begin = widened.address() + Int8Tiles.SPARE * 2 * BYTES;
        for (int p = 0; p < panels; p++) {
            long to = begin + p * WIDENED_PANEL_BYTES;
            switch (w.type()) {
                case INT8 -> Int8Tiles.widen(weights.panel(panel + p), w.skipped() + fromDepth, depth, to);
                case FLOAT16 -> Float16Tiles.widen(weights.panel(panel + p) + skipped, depth, to);
                default -> Bfloat16Tiles.widen(weights.panel(panel + p) + skipped, depth, to);
            }
        }
        return new Stretch(DType.FLOAT32, begin, WIDENED_PANEL_BYTES, panels, fromDepth, depth);
    }

    private static void multiply(Block block, Stretch stretch, Results out) {
        for (int tile = block.fromTile; tile < block.toTile; tile++) {
            multiplyTile(block.x, tile, stretch, out.row((long) tile * block.x.tileRows()));
        }
    }

    /** A panel that is not full works on a copy of its results, beside which there is room. */
    private void multiplyEdge(Block block, Stretch stretch, Results out, int columns) {
        var copy = new Results(edge.address(), 2 * BYTES);
        for (int tile = block.fromTile; tile < block.toTile; tile++) {
            Results results = out.row((long) tile * block.x.tileRows());
            int rows = block.x.rowsOf(tile);
            copy(results, rows, columns, copy);
            multiplyTile(block.x, tile, stretch, copy);
            copy(copy, rows, columns, results);
        }
    }

    private static void copy(Results from, int rows, int columns, Results to) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                long at = r * from.rowBytes + (long) c * Float.BYTES;
                Memory.set(to.address + r * to.rowBytes + (long) c * Float.BYTES, Memory.get(from.address + at));
            }
        }
    }

    private static void multiplyTile(RowTiles x, int tile, Stretch s, Results out) {
        int rows = x.rowsOf(tile);
        int from = x.tile(tile) + s.fromDepth * rows;
        if (s.type == DType.BFLOAT16) {
            multiplyBfloat16(x.data(), from, rows, s, out.address, out.rowBytes);
        } else {
            multiplyFloat(x.data(), from, rows, s, out.address, out.rowBytes);
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
