package dev.weir.tensor;

/**
 * Weights as whole numbers from -127 to 127 in blocks of {@value #LENGTH}, each block with a scale in float16: a weight is q d. The
 * numbers are those that ggml's Q8_0 makes of the same weights. A product of eight bits and eleven fits the 24 of a float32, so
 * widening is exact.
 */
public final class Int8Blocks {

    /** Weights of a block. The last block of a row or column may have fewer. */
    public static final int LENGTH = 32;

    /** The largest q. */
    private static final int LARGEST = 127;

    private static final float LARGEST_SCALE = 65504;

    private Int8Blocks() {}

    /**
     * Makes a whole block.
     *
     * @return the bits of its scale
     * @see #quantize(float[], int, int, byte[], int)
     */
    public static short quantize(float[] values, int from, byte[] out, int to) {
        return quantize(values, from, LENGTH, out, to);
    }

    /**
     * Makes a block: d = max|w| / 127 and q = w (1 / d), rounded to nearest, halves away from zero, with d in float32; then d is
     * rounded to float16. A block that float16 has no scale for, so small is it, is zeros.
     *
     * @param count weights of the block, at most {@value #LENGTH}
     * @return the bits of its scale; those of an infinity or of NaN if a weight is not finite or so large that its scale is not, and
     *     then the block says nothing
     */
    public static short quantize(float[] values, int from, int count, byte[] out, int to) {
        float largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, Math.abs(values[from + i]));
        }
        float scale = largest / LARGEST;
        short bits = Float.floatToFloat16(scale);
        float inverse = bits == 0 || !isFinite(bits) ? 0 : 1 / scale;
        for (int i = 0; i < count; i++) {
            out[to + i] = nearest(values[from + i] * inverse);
        }
        return bits;
    }

    /** Halves away from zero. What follows the point is exact, so nothing is rounded twice. */
    private static byte nearest(float value) {
        int whole = (int) value;
        float rest = value - whole;
        int away = rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0;
        return (byte) (whole + away);
    }

    /** Whether a scale is one, and not the sign of a block that could not be made. */
    public static boolean isFinite(short scale) {
        return (scale & 0x7c00) != 0x7c00;
    }

    /** A weight, exactly. */
    public static float widen(byte q, short scale) {
        return q * Float.float16ToFloat(scale);
    }

    /**
     * Makes blocks of some weights that are reduced together, and widens them again.
     *
     * @param count weights, of which the first begins a block
     * @param name of the matrix, for the error
     * @throws IllegalArgumentException if a block has no scale
     */
    public static void round(float[] values, int count, String name) {
        var q = new byte[LENGTH];
        for (int from = 0; from < count; from += LENGTH) {
            int length = Math.min(LENGTH, count - from);
            short scale = quantize(values, from, length, q, 0);
            requireScale(scale, values, from, length, name);
            for (int i = 0; i < length; i++) {
                values[from + i] = widen(q[i], scale);
            }
        }
    }

    /**
     * Refuses a block that could not be made.
     *
     * @param scale of these values, as {@link #quantize} returned it
     * @throws IllegalArgumentException that names the matrix and the value
     */
    public static void requireScale(short scale, float[] values, int from, int count, String name) {
        if (!isFinite(scale)) {
            float worst = 0;
            for (int i = 0; i < count; i++) {
                worst = Math.max(worst, Math.abs(values[from + i]));
            }
            throw new IllegalArgumentException("weight %s: expected finite values of at most %.0f for int8, got %s"
                    .formatted(name, LARGEST * LARGEST_SCALE, worst));
        }
    }

    /** Bytes of so many weights that are reduced together: q of each, and the scales. */
    public static long bytes(long count) {
        return count + Math.ceilDiv(count, LENGTH) * Short.BYTES;
    }
}
