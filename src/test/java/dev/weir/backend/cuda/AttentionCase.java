package dev.weir.backend.cuda;

import dev.weir.backend.cpu.ScalarKernels;
import dev.weir.backend.cpu.Window;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Rows of a step that attend to a cache, and what must come of it. What no row sees of the cache is NaN.
 *
 * @param q [rows, heads x headWidth]
 * @param keys [slots x context, heads x headWidth]
 */
record AttentionCase(
        int heads, int headWidth, int context, int[] slots, int[] positions, float[] q, float[] keys, float[] values) {

    static AttentionCase random(int heads, int headWidth, int context, int[] slots, int... positions) {
        var random = new SplittableRandom(31L * headWidth + positions[0]);
        int width = heads * headWidth;
        int count = (Arrays.stream(slots).max().orElseThrow() + 1) * context * width;
        float[] keys = KernelFixture.values(count, random);
        float[] values = KernelFixture.values(count, random);
        for (int place = 0; place < count / width; place++) {
            if (!isSeen(place / context, place % context, slots, positions)) {
                Arrays.fill(keys, place * width, (place + 1) * width, Float.NaN);
                Arrays.fill(values, place * width, (place + 1) * width, Float.NaN);
            }
        }
        float[] q = KernelFixture.values(slots.length * width, random);
        for (int i = 0; i < q.length; i++) {
            q[i] *= 4;
        }
        return new AttentionCase(heads, headWidth, context, slots, positions, q, keys, values);
    }

    private static boolean isSeen(int slot, int position, int[] slots, int... positions) {
        for (int r = 0; r < slots.length; r++) {
            if (slots[r] == slot && position <= positions[r]) {
                return true;
            }
        }
        return false;
    }

    /** Slots one after another, as the cache is. */
    CachePages whole() {
        return CachePages.whole(keys.length / (context * heads * headWidth), context);
    }

    /** The same slots in pages of 2^shift positions, in any order. */
    CachePages shuffled(int shift) {
        return CachePages.shuffled(whole().slots(), context, shift, new SplittableRandom(headWidth));
    }

    float[] keys(CachePages pages) {
        return pages.laid(keys, heads * headWidth);
    }

    float[] values(CachePages pages) {
        return pages.laid(values, heads * headWidth);
    }

    int rows() {
        return slots.length;
    }

    float scale() {
        return (float) (1 / Math.sqrt(headWidth));
    }

    private int inRow(int row, int head) {
        return (row * heads + head) * headWidth;
    }

    private int inCache(int row, int key, int head) {
        return ((slots[row] * context + key) * heads + head) * headWidth;
    }

    /** What the CPU's order gives; scores and pattern as they are shown for so many keys. */
    record Exact(float[] z, float[] scores, float[] pattern) {}

    Exact exact(int shownKeys) {
        var exact = new Exact(
                new float[q.length], new float[rows() * heads * shownKeys], new float[rows() * heads * shownKeys]);
        Arrays.fill(exact.scores, Float.NEGATIVE_INFINITY);
        for (int row = 0; row < rows(); row++) {
            for (int head = 0; head < heads; head++) {
                int seen = positions[row] + 1;
                int shown = (row * heads + head) * shownKeys;
                float[] weights = scores(row, head);
                System.arraycopy(weights, 0, exact.scores, shown, seen);
                new ScalarKernels().softmax(new Window(MemorySegment.ofArray(weights), 0, seen), 0, seen);
                System.arraycopy(weights, 0, exact.pattern, shown, seen);
                for (int i = 0; i < headWidth; i++) {
                    float sum = 0;
                    for (int key = 0; key < seen; key++) {
                        sum = Math.fma(weights[key], values[inCache(row, key, head) + i], sum);
                    }
                    exact.z[inRow(row, head) + i] = sum;
                }
            }
        }
        return exact;
    }

    private float[] scores(int row, int head) {
        var scores = new float[positions[row] + 1];
        for (int key = 0; key < scores.length; key++) {
            float sum = 0;
            for (int i = 0; i < headWidth; i++) {
                sum = Math.fma(q[inRow(row, head) + i], keys[inCache(row, key, head) + i], sum);
            }
            scores[key] = sum * scale();
        }
        return scores;
    }

    /** z in float64. */
    double[] inFloat64() {
        var z = new double[q.length];
        for (int row = 0; row < rows(); row++) {
            for (int head = 0; head < heads; head++) {
                double[] weights = new double[positions[row] + 1];
                for (int key = 0; key < weights.length; key++) {
                    for (int i = 0; i < headWidth; i++) {
                        weights[key] += (double) q[inRow(row, head) + i] * keys[inCache(row, key, head) + i];
                    }
                    weights[key] *= scale();
                }
                double max = Arrays.stream(weights).max().orElseThrow();
                double total =
                        Arrays.stream(weights).map(w -> Math.exp(w - max)).sum();
                for (int key = 0; key < weights.length; key++) {
                    double weight = Math.exp(weights[key] - max) / total;
                    for (int i = 0; i < headWidth; i++) {
                        z[inRow(row, head) + i] += weight * values[inCache(row, key, head) + i];
                    }
                }
            }
        }
        return z;
    }
}
