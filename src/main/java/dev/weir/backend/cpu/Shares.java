package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The tokens of one row and the share of each in the draw. A share is an integer, so sums of shares have no order and are exact. In
 * the order of the tokens, the heavier comes first, and of two alike the one with the lower id; what is kept is a beginning of it,
 * which is found without sorting all of them. Belongs to one thread: it reuses its memory.
 */
final class Shares {

    /** The share of weight 1; a lighter token has as much less, rounded down. */
    private static final float WHOLE = 0x1p40f;

    /** What has a share at all. */
    private static final float LIGHTEST = 1 / WHOLE;

    /** Tokens whose shares are added up, so that a draw looks at one stretch only. */
    private static final int STRETCH = 512;

    /** Weights of one bin have the same exponent and the same first seven bits after it. */
    private static final int BIN_SHIFT = 16;

    private static final int FIRST_BIN = Float.floatToRawIntBits(LIGHTEST) >> BIN_SHIFT;
    private static final int BINS = (Float.floatToRawIntBits(1) >> BIN_SHIFT) - FIRST_BIN + 1;

    private final long[] bins = new long[BINS];
    private float[] weights = new float[0];
    private int[] tokens = new int[0];
    private long[] stretches = new long[0];
    private long[] sorted = new long[0];

    /** Those that are kept are the first so many of both arrays, in the order of ids. */
    private int count;

    /**
     * Begins with all tokens kept that have a share.
     *
     * @param values in one row of which are weights from 0 to 1
     * @param vocabulary how many they are
     */
    void begin(Window values, int row, int vocabulary) {
        if (weights.length < vocabulary) {
            weights = new float[vocabulary];
            tokens = new int[vocabulary];
            sorted = new long[vocabulary];
            stretches = new long[Math.ceilDiv(vocabulary, STRETCH)];
        }
        MemorySegment.copy(values.data(), ValueLayout.JAVA_FLOAT, values.at(row, 0), weights, 0, vocabulary);
        for (int token = 0; token < vocabulary; token++) {
            tokens[token] = token;
        }
        count = vocabulary;
        keepTo(LIGHTEST, vocabulary);
    }

    /** Keeps the first so many. */
    void keepFirst(int number) {
        Arrays.fill(bins, 0);
        for (int i = 0; i < count; i++) {
            bins[bin(weights[i])]++;
        }
        cut(number, true);
    }

    /** Keeps the first, as many as it takes for their shares to add up to so much. */
    void keepUntil(double enough) {
        Arrays.fill(bins, 0);
        for (int i = 0; i < count; i++) {
            bins[bin(weights[i])] += share(weights[i]);
        }
        cut(enough, false);
    }

    /** Keeps those of at least this weight. */
    void keepFrom(float weight) {
        if (weight > LIGHTEST) {
            keepTo(weight, Integer.MAX_VALUE);
        }
    }

    /** Keeps what comes no later in the order than a token of this weight. */
    private void keepTo(float weight, int token) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (weights[i] > weight || (weights[i] == weight && tokens[i] <= token)) {
                weights[kept] = weights[i];
                tokens[kept] = tokens[i];
                kept++;
            }
        }
        count = kept;
    }

    /** The sum of the shares of those that are kept. */
    long total() {
        long total = 0;
        for (int stretch = 0; stretch * STRETCH < count; stretch++) {
            long sum = 0;
            int end = Math.min(count, (stretch + 1) * STRETCH);
            for (int i = stretch * STRETCH; i < end; i++) {
                sum += share(weights[i]);
            }
            stretches[stretch] = sum;
            total += sum;
        }
        return total;
    }

    /**
     * The first token, in the order of ids, at which the shares of those that are kept add up to more than a threshold.
     *
     * @param threshold below the {@link #total} that was asked for last
     */
    int tokenAt(long threshold) {
        long before = 0;
        int stretch = 0;
        while (before + stretches[stretch] <= threshold) {
            before += stretches[stretch++];
        }
        int i = stretch * STRETCH;
        while (true) {
            before += share(weights[i]);
            if (before > threshold) {
                return tokens[i];
            }
            i++;
        }
    }

    private static long share(float weight) {
        return (long) (weight * WHOLE);
    }

    private static int bin(float weight) {
        return (Float.floatToRawIntBits(weight) >> BIN_SHIFT) - FIRST_BIN;
    }

    /** Keeps the shortest beginning of the order in which the tokens are so many, or else their shares add up to so much. */
    private void cut(double enough, boolean counting) {
        long before = 0;
        int bin = BINS - 1;
        while (bin > 0 && before + bins[bin] < enough) {
            before += bins[bin--];
        }
        int members = sortBin(bin);
        long sum = before;
        for (int m = members - 1; m >= 0; m--) {
            float weight = Float.intBitsToFloat((int) (sorted[m] >>> Integer.SIZE));
            sum += counting ? 1 : share(weight);
            if (sum >= enough) {
                keepTo(weight, ~(int) sorted[m]);
                return;
            }
        }
    }

    /** Sorts the tokens of a bin, the last in the order first, and says how many there are. */
    private int sortBin(int bin) {
        int members = 0;
        for (int i = 0; i < count; i++) {
            if (bin(weights[i]) == bin) {
                long weightBits = Float.floatToRawIntBits(weights[i]);
                sorted[members++] = weightBits << Integer.SIZE | Integer.toUnsignedLong(~tokens[i]);
            }
        }
        Arrays.sort(sorted, 0, members);
        return members;
    }
}
