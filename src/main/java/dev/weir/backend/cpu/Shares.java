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

    /** Tokens whose shares are added up, so that a draw looks at one stretch only. */
    private static final int STRETCH = 512;

    /** Weights of one bin have the same exponent and the same first seven bits after it. */
    private static final int BIN_SHIFT = 16;

    private static final int FIRST_BIN = Float.floatToRawIntBits(1 / WHOLE) >> BIN_SHIFT;
    private static final int BINS = (Float.floatToRawIntBits(1) >> BIN_SHIFT) - FIRST_BIN + 1;

    private final long[] bins = new long[BINS];
    private float[] weights = new float[0];
    private long[] stretches = new long[0];
    private long[] sorted = new long[0];
    private int count;

    /** The last token of the order that is kept: its weight, and its id. */
    private float leastWeight;

    private int lastToken;

    /**
     * Begins with all tokens kept that have a share.
     *
     * @param values in one row of which are weights from 0 to 1
     */
    void begin(Window values, int row, int tokens) {
        if (weights.length < tokens) {
            weights = new float[tokens];
            sorted = new long[tokens];
            stretches = new long[Math.ceilDiv(tokens, STRETCH)];
        }
        MemorySegment.copy(values.data(), ValueLayout.JAVA_FLOAT, values.at(row, 0), weights, 0, tokens);
        count = tokens;
        leastWeight = 1 / WHOLE;
        lastToken = tokens;
    }

    /** Keeps the first so many. */
    void keepFirst(int number) {
        cut(number, true);
    }

    /** Keeps the first, as many as it takes for their shares to add up to so much. */
    void keepUntil(double enough) {
        cut(enough, false);
    }

    /** Keeps those of at least this weight. */
    void keepFrom(float weight) {
        if (weight > leastWeight) {
            leastWeight = weight;
            lastToken = count;
        }
    }

    /** The sum of the shares of those that are kept. */
    long total() {
        long total = 0;
        for (int stretch = 0; stretch * STRETCH < count; stretch++) {
            long sum = 0;
            int end = Math.min(count, (stretch + 1) * STRETCH);
            for (int token = stretch * STRETCH; token < end; token++) {
                sum += keptShare(token);
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
        int token = stretch * STRETCH;
        while (true) {
            before += keptShare(token);
            if (before > threshold) {
                return token;
            }
            token++;
        }
    }

    private long keptShare(int token) {
        return isKept(token) ? share(weights[token]) : 0;
    }

    private boolean isKept(int token) {
        float weight = weights[token];
        return weight > leastWeight || (weight == leastWeight && token <= lastToken);
    }

    private static long share(float weight) {
        return (long) (weight * WHOLE);
    }

    /** Keeps the shortest beginning of the order in which the tokens are so many, or else their shares add up to so much. */
    private void cut(double enough, boolean counting) {
        Arrays.fill(bins, 0);
        if (counting) {
            countIntoBins();
        } else {
            addSharesIntoBins();
        }
        long before = 0;
        int bin = BINS - 1;
        while (bin > 0 && before + bins[bin] < enough) {
            before += bins[bin--];
        }
        cutWithin(bin, before, enough, counting);
    }

    private void countIntoBins() {
        for (int token = 0; token < count; token++) {
            if (isKept(token)) {
                bins[bin(weights[token])]++;
            }
        }
    }

    private void addSharesIntoBins() {
        for (int token = 0; token < count; token++) {
            if (isKept(token)) {
                bins[bin(weights[token])] += share(weights[token]);
            }
        }
    }

    private void cutWithin(int bin, long before, double enough, boolean counting) {
        int members = 0;
        for (int token = 0; token < count; token++) {
            if (isKept(token) && bin(weights[token]) == bin) {
                long weightBits = Float.floatToRawIntBits(weights[token]);
                sorted[members++] = weightBits << Integer.SIZE | Integer.toUnsignedLong(~token);
            }
        }
        Arrays.sort(sorted, 0, members);
        long sum = before;
        for (int i = members - 1; i >= 0; i--) {
            int token = ~(int) sorted[i];
            sum += counting ? 1 : share(weights[token]);
            if (sum >= enough) {
                leastWeight = weights[token];
                lastToken = token;
                return;
            }
        }
    }

    private static int bin(float weight) {
        return (Float.floatToRawIntBits(weight) >> BIN_SHIFT) - FIRST_BIN;
    }
}
