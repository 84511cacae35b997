package dev.weir.oracle;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.weir.hook.HookPoint;
import dev.weir.tensor.DType;

/**
 * How closely a float32 pass agrees with a float64 one: the table of {@code docs/numerics.md}.
 *
 * @param relative share of the largest finite magnitude at the point
 * @param absolute added to that
 */
public record Bounds(double relative, double absolute) {

    /** Errors of the stream grow with depth; within one point they are judged by the point's largest value. */
    private static Bounds of(HookPoint point) {
        return switch (point.site()) {
            case EMBED, POS_EMBED -> new Bounds(0, 0);
            case PATTERN -> new Bounds(0, 2e-5);
            case LN1_SCALE, LN2_SCALE, LN_FINAL_SCALE -> new Bounds(5e-6, 1e-6);
            default -> new Bounds(2e-5, 1e-6);
        };
    }

    /**
     * The share of a point's magnitude by which the fast mode of a GPU may be off.
     *
     * @param type of the matrices, to which rows are rounded where tensor cores multiply them
     */
    public static double fastShare(DType type) {
        return switch (type) {
            case FLOAT32 -> 2e-5;
            case BFLOAT16 -> 32 * 0x1p-9;
            case FLOAT16 -> 32 * 0x1p-12;
            default -> throw new IllegalArgumentException("type " + type + ": expected one of a matrix");
        };
    }

    /** The same bounds where more is rounded: that share of the largest value instead, but nothing for what is copied. */
    private Bounds orShare(double share) {
        return relative == 0 && absolute == 0
                ? this
                : new Bounds(Math.max(relative, share), relative == 0 ? Math.max(absolute, share) : absolute);
    }

    /** The element that is furthest from what it should be, and what share of the bound that is: above 1, it is too far. */
    public record Worst(int index, double expected, float got, double bound, double share) {}

    /** Fails with the worst element, both values and the share of the bound that it uses. NaN never passes. */
    public static void requireClose(HookPoint point, double[] expected, float[] got) {
        requireClose(point, worst(point, expected, got));
    }

    /** The same where values are edited: what was a copy may be a sum now, and a pattern may be larger than 1. */
    public static void requireEditedClose(HookPoint point, double[] expected, float[] got) {
        Bounds bounds = of(point);
        var wider = new Bounds(Math.max(bounds.relative, 2e-5), Math.max(bounds.absolute, 1e-6));
        requireClose(point, worst(point, wider, expected, got));
    }

    /** The same for the fast mode of a GPU, as {@link #fastShare} has it. */
    public static void requireFastClose(HookPoint point, double[] expected, float[] got, DType type) {
        requireClose(point, worst(point, of(point).orShare(fastShare(type)), expected, got));
    }

    private static void requireClose(HookPoint point, Worst worst) {
        String message = "%s: worst at %d, expected %.9g, got %.9g, %.0f %% of the bound %.3g"
                .formatted(point, worst.index, worst.expected, worst.got, 100 * worst.share, worst.bound);
        assertTrue(worst.share <= 1, message);
    }

    /** The worst element; its share is NaN if the value is, wrongly. */
    public static Worst worst(HookPoint point, double[] expected, float[] got) {
        return worst(point, of(point), expected, got);
    }

    private static Worst worst(HookPoint point, Bounds bounds, double[] expected, float[] got) {
        if (expected.length != got.length) {
            fail(point + ": expected " + expected.length + " values, got " + got.length);
        }
        double largest = 0;
        for (double value : expected) {
            largest = Double.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        double bound = bounds.relative * largest + bounds.absolute;
        int worst = 0;
        double worstError = -1;
        for (int i = 0; i < got.length; i++) {
            double error = expected[i] == got[i] ? 0 : Math.abs(expected[i] - got[i]);
            if (Double.isNaN(error) || error > worstError) {
                worst = i;
                worstError = error;
            }
            if (Double.isNaN(error)) {
                break;
            }
        }
        double share = worstError == 0 ? 0 : worstError / bound; // the bound of a copy is zero
        return new Worst(worst, expected[worst], got[worst], bound, share);
    }
}
