package dev.weir.backend.cuda;

import dev.weir.program.Pages;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Where positions of slots lie in a cache of a test.
 *
 * @param table [slots, pages of a slot]
 * @param rows of the cache
 */
record CachePages(int slots, int context, int shift, int[] table, int rows) {

    /** Slots one after another. */
    static CachePages whole(int slots, int context) {
        var table = new int[slots];
        Arrays.setAll(table, slot -> slot * context);
        return new CachePages(slots, context, Pages.WHOLE, table, slots * context);
    }

    /** Pages of 2^shift positions in any order, and as many again that nobody has. */
    static CachePages shuffled(int slots, int context, int shift, RandomGenerator random) {
        int count = 2 * slots * Math.ceilDiv(context, 1 << shift);
        int[] pages = random.ints(0, count).distinct().limit(count / 2).toArray();
        int[] table = Arrays.stream(pages).map(page -> page << shift).toArray();
        return new CachePages(slots, context, shift, table, count << shift);
    }

    int row(int slot, int position) {
        int index = slot * Math.toIntExact(Math.ceilDiv(context, 1L << shift)) + (position >> shift);
        return table[index] + (position & ((1 << shift) - 1));
    }

    /**
     * The cache with each position where it is to lie, and NaN elsewhere.
     *
     * @param cache [slots x context, width]
     */
    float[] laid(float[] cache, int width) {
        var laid = new float[rows * width];
        Arrays.fill(laid, Float.NaN);
        for (int place = 0; place < cache.length / width; place++) {
            int row = row(place / context, place % context);
            System.arraycopy(cache, place * width, laid, row * width, width);
        }
        return laid;
    }
}
