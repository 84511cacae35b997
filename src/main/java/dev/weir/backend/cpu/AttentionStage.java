package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Causal attention, one head of a few rows of one slot at a time: two products with the cache and a softmax between them. The rows
 * of a tile share what is read of the cache; what the earlier of them must not see is never multiplied, not even by zero.
 */
final class AttentionStage implements Stage {

    private record Tile(int firstRow, int rows) {}

    /**
     * Scores or patterns that somebody looks at.
     *
     * @param values [rows, heads x keys]
     * @param masked what a key after the row's position has, for each of the keys
     */
    record Shown(Window values, float[] masked) {
        static Shown scores(Window values, int keys) {
            var masked = new float[keys];
            Arrays.fill(masked, Float.NEGATIVE_INFINITY);
            return new Shown(values, masked);
        }

        static Shown pattern(Window values, int keys) {
            return new Shown(values, new float[keys]);
        }
    }

    private final Workers workers;
    private final int heads;
    private final int headWidth;
    private final float scale;
    private final Window q;
    private final KeyValueCache keys;
    private final KeyValueCache values;
    private final Window z;
    private final @Nullable Shown scores;
    private final @Nullable Shown pattern;

    AttentionStage(
            Workers workers,
            int heads,
            int headWidth,
            float scale,
            Window q,
            KeyValueCache keys,
            KeyValueCache values,
            Window z,
            @Nullable Shown scores,
            @Nullable Shown pattern) {
        this.workers = workers;
        this.heads = heads;
        this.headWidth = headWidth;
        this.scale = scale;
        this.q = q;
        this.keys = keys;
        this.values = values;
        this.z = z;
        this.scores = scores;
        this.pattern = pattern;
    }

    @Override
    public void run(Rows rows) {
        List<Tile> tiles = tiles(rows);
        workers.run(tiles.size() * heads, itemNanos(rows, tiles.size()), (worker, from, to) -> {
            for (int item = from; item < to; item++) {
                attend(worker, rows, tiles.get(item % tiles.size()), item / tiles.size());
            }
        });
    }

    private List<Tile> tiles(Rows rows) {
        var tiles = new ArrayList<Tile>();
        int first = 0;
        for (int r = 1; r <= rows.count(); r++) {
            if (r == rows.count() || r - first == workers.tileRows() || rows.slots()[r] != rows.slots()[first]) {
                tiles.add(new Tile(first, r - first));
                first = r;
            }
        }
        return tiles;
    }

    /** What a head of a tile takes. */
    private double itemNanos(Rows rows, int tiles) {
        double keysSeen = 0;
        for (int position : rows.positions()) {
            keysSeen += position + 1;
        }
        return Costs.copy(2 * keysSeen * headWidth) / tiles;
    }

    private void attend(Worker worker, Rows rows, Tile tile, int head) {
        int slot = rows.slots()[tile.firstRow];
        int seenByFirst = rows.positions()[tile.firstRow] + 1;
        int seenByLast = rows.positions()[tile.firstRow + tile.rows - 1] + 1;
        long column = (long) head * headWidth;
        Kernels kernels = worker.kernels();
        Window weights = worker.rows(tile.rows, seenByLast);

        Panels seenKeys = keys.head(slot, head).columns(seenByLast);
        RowTiles queries = worker.rowTiles(q.from(tile.firstRow, column), tile.rows, headWidth);
        kernels.multiply(queries, 0, 1, seenKeys, weights, false);
        for (int r = 0; r < tile.rows; r++) {
            int row = tile.firstRow + r;
            weigh(kernels, weights.from(r, 0), rows.positions()[row] + 1, row, head);
        }

        Panels seenValues = values.head(slot, head);
        Window out = z.from(tile.firstRow, column);
        RowTiles shared = worker.rowTiles(weights, tile.rows, seenByFirst);
        kernels.multiply(shared, 0, 1, seenValues.depths(0, seenByFirst), out, false);
        for (int r = 1; r < tile.rows; r++) {
            int seen = rows.positions()[tile.firstRow + r] + 1;
            RowTiles rest = worker.rowTiles(weights.from(r, seenByFirst), 1, seen - seenByFirst);
            kernels.multiply(rest, 0, 1, seenValues.depths(seenByFirst, seen), out.from(r, 0), true);
        }
    }

    /** Turns one row's products into scores and then into its pattern. */
    private void weigh(Kernels kernels, Window weights, int seen, int row, int head) {
        kernels.scale(weights, seen, scale);
        show(weights, seen, scores, row, head);
        kernels.softmax(weights, seen);
        show(weights, seen, pattern, row, head);
    }

    private void show(Window weights, int seen, @Nullable Shown shown, int row, int head) {
        if (shown != null) {
            int keys = shown.masked.length;
            Window keysOfHead = shown.values.from(row, (long) head * keys);
            MemorySegment.copy(
                    weights.data(),
                    weights.offset(),
                    keysOfHead.data(),
                    keysOfHead.offset(),
                    (long) seen * Float.BYTES);
            MemorySegment.copy(
                    shown.masked, seen, keysOfHead.data(), ValueLayout.JAVA_FLOAT, keysOfHead.at(0, seen), keys - seen);
        }
    }
}
