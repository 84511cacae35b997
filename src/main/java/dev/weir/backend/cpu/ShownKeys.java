package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Scores or patterns as values of a plan: for each head of a row as many keys as there is room for.
 *
 * @param values [rows, heads x keys]
 * @param masked what a key after the row's position has, for each of the keys
 */
record ShownKeys(Window values, float[] masked) {

    static ShownKeys scores(Window values, int keys) {
        var masked = new float[keys];
        Arrays.fill(masked, Float.NEGATIVE_INFINITY);
        return new ShownKeys(values, masked);
    }

    static ShownKeys pattern(Window values, int keys) {
        return new ShownKeys(values, new float[keys]);
    }

    /** The keys of one head of a row. */
    Window of(int row, int head) {
        return values.from(row, (long) head * masked.length);
    }

    /** Puts there what a row makes of the keys that it sees, and masks the rest. */
    void put(Window seenKeys, int seen, int row, int head) {
        Window keys = of(row, head);
        MemorySegment.copy(seenKeys.data(), seenKeys.offset(), keys.data(), keys.offset(), (long) seen * Float.BYTES);
        MemorySegment.copy(masked, seen, keys.data(), ValueLayout.JAVA_FLOAT, keys.at(0, seen), masked.length - seen);
    }
}
