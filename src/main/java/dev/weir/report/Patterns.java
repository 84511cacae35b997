package dev.weir.report;

import java.util.stream.IntStream;

/**
 * The attention patterns of every head, each row as the keys that matter in it: weights are kept as whole 255ths, those that round to
 * none are left out, and of what remains at most so many of each row, the strongest.
 *
 * <p>Row r of query q of head h of layer l, r = (l H + h) P + q, is {@code [starts[r], starts[r + 1])} of {@code keys} and {@code
 * weights}, its keys ascending.
 *
 * @param keysOfARow how many are kept of a row at most
 * @param starts [L H P + 1]
 * @param keys positions
 * @param weights 1 to 255
 * @param kept [L H], the share of the head's whole weight that its kept keys have
 */
public record Patterns(int keysOfARow, int[] starts, char[] keys, byte[] weights, float[] kept) {

    /** Keys are positions below this. */
    static final int LONGEST = 1 << Character.SIZE;

    private static final int STEPS = 255;
    private static final int BYTES = Character.BYTES + Byte.BYTES;

    /** Collects the rows, in any order. */
    static final class Builder {

        private final int positions;
        private final int keysOfARow;
        private final char[][] keys;
        private final byte[][] weights;
        private final double[] kept;

        /**
         * Room for the patterns of a model.
         *
         * @param heads L x H
         * @param positions P, at most {@link #LONGEST}
         * @param bytes that all kept keys may take
         */
        Builder(int heads, int positions, long bytes) {
            int rows = Math.multiplyExact(heads, positions);
            this.positions = positions;
            this.keysOfARow = Math.clamp(bytes / BYTES / rows, 1, positions);
            this.keys = new char[rows][];
            this.weights = new byte[rows][];
            this.kept = new double[heads];
        }

        /**
         * One row.
         *
         * @param head l H + h
         * @param pattern the weight of each key, at least up to the query's position
         * @param from where in the pattern the first key is
         */
        void add(int head, int query, float[] pattern, int from) {
            int[] strong = IntStream.rangeClosed(0, query)
                    .filter(key -> steps(pattern[from + key]) > 0)
                    .toArray();
            if (strong.length > keysOfARow) {
                strong = strongest(strong, pattern, from);
            }
            int row = head * positions + query;
            keys[row] = new char[strong.length];
            weights[row] = new byte[strong.length];
            for (int i = 0; i < strong.length; i++) {
                keys[row][i] = (char) strong[i];
                weights[row][i] = (byte) steps(pattern[from + strong[i]]);
                kept[head] += pattern[from + strong[i]];
            }
        }

        private int[] strongest(int[] some, float[] pattern, int from) {
            return IntStream.of(some)
                    .boxed()
                    .sorted((a, b) -> Float.compare(pattern[from + b], pattern[from + a]))
                    .limit(keysOfARow)
                    .mapToInt(Integer::intValue)
                    .sorted()
                    .toArray();
        }

        private static int steps(float weight) {
            return Math.round(weight * STEPS);
        }

        Patterns build() {
            int[] starts = new int[keys.length + 1];
            for (int row = 0; row < keys.length; row++) {
                starts[row + 1] = starts[row] + keys[row].length;
            }
            char[] allKeys = new char[starts[keys.length]];
            byte[] allWeights = new byte[starts[keys.length]];
            for (int row = 0; row < keys.length; row++) {
                System.arraycopy(keys[row], 0, allKeys, starts[row], keys[row].length);
                System.arraycopy(weights[row], 0, allWeights, starts[row], weights[row].length);
            }
            float[] shares = new float[kept.length];
            IntStream.range(0, kept.length).forEach(head -> shares[head] = (float) (kept[head] / positions));
            return new Patterns(keysOfARow, starts, allKeys, allWeights, shares);
        }
    }

    /** The smallest share that any head keeps. */
    double leastKept() {
        return IntStream.range(0, kept.length)
                .mapToDouble(head -> kept[head])
                .min()
                .orElse(1);
    }

    /** Whether some row had more keys than were kept of it. */
    boolean isCut(int positions) {
        return keysOfARow < positions
                && IntStream.range(0, starts.length - 1).anyMatch(row -> starts[row + 1] - starts[row] == keysOfARow);
    }

    /**
     * One row.
     *
     * @param row of those of {@link #starts}
     * @param positions P
     * @return the weight of each key; 0 for those that are not kept
     */
    public float[] row(int row, int positions) {
        float[] pattern = new float[positions];
        for (int i = starts[row]; i < starts[row + 1]; i++) {
            pattern[keys[i]] = Byte.toUnsignedInt(weights[i]) / (float) STEPS;
        }
        return pattern;
    }
}
