package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Scores or patterns as values of a plan: for each head of a row as many keys as there is room for.
 *
 * @param values [rows x heads, keys]
 * @param masked what a key after the row's position has, for each of the keys
 */
record ShownKeys(Window values, int heads, float[] masked) {

    /**
     * Scores.
     *
     * @param values [rows, heads x keys]
     */
    static ShownKeys scores(Window values, int heads, int keys) {
        var masked = new float[keys];
        Arrays.fill(masked, Float.NEGATIVE_INFINITY);
        return new ShownKeys(new Window(values.data(), values.offset(), keys), heads, masked);
    }

    /**
     * A pattern.
     *
     * @param values [rows, heads x keys]
     */
    static ShownKeys pattern(Window values, int heads, int keys) {
        return new ShownKeys(new Window(values.data(), values.offset(), keys), heads, new float[keys]);
    }

    /** Which row of the values is one head of a row. */
    int index(int row, int head) {
        return row * heads + head;
    }

    /**
     * Puts there what a row makes of the keys that it sees, and masks the rest.
     *
     * @param seenKeys whose row r that is
     */
    void put(Window seenKeys, int r, int seen, int row, int head) {
        int index = index(row, head);
        long bytes = (long) seen * Float.BYTES;
        MemorySegment.copy(seenKeys.data(), seenKeys.at(r, 0), values.data(), values.at(index, 0), bytes);
        MemorySegment.copy(
                masked, seen, values.data(), ValueLayout.JAVA_FLOAT, values.at(index, seen), masked.length - seen);
    }
}
