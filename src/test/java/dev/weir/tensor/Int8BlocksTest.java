package dev.weir.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class Int8BlocksTest {

    private static float[] block(float... first) {
        return Arrays.copyOf(first, Int8Blocks.LENGTH);
    }

    /** Half a step from rounding q, and 127 times what rounding took from the scale. */
    @Property(tries = 2000)
    void aWeightIsAtMostHalfAStepAway(
            @ForAll long seed,
            @ForAll @IntRange(min = -18, max = 20) int exponent,
            @ForAll @IntRange(min = 1, max = 32) int count) {
        var random = new Random(seed);
        float[] values = new float[count];
        double largest = 0;
        for (int i = 0; i < count; i++) {
            values[i] = (float) Math.scalb(random.nextGaussian(), exponent);
            largest = Math.max(largest, Math.abs(values[i]));
        }
        byte[] q = new byte[count];
        short scale = Int8Blocks.quantize(values, 0, count, q, 0);
        double exactScale = largest / 127;
        double lost = Math.abs(Float.float16ToFloat(scale) - exactScale);
        for (int i = 0; i < count; i++) {
            double error = Math.abs(values[i] - (double) Int8Blocks.widen(q[i], scale));
            assertTrue(
                    error <= 0.5 * exactScale * (1 + 1e-4) + 127 * lost, values[i] + " became " + q[i] + " x " + scale);
        }
    }

    @Property(tries = 2000)
    void wideningIsExact(@ForAll byte q, @ForAll short scale) {
        if (Int8Blocks.isFinite(scale)) {
            double exact = (double) q * Float.float16ToFloat(scale);
            assertEquals(exact, (double) Int8Blocks.widen(q, scale));
        }
    }

    /** By hand: d = 1, 127 / 127; halves go away from zero. */
    @Test
    void halvesGoAwayFromZero() {
        byte[] q = new byte[34];
        short scale = Int8Blocks.quantize(block(127, 0.5f, -0.5f, 0.49999997f, 1.5f, -2.5f, -126.5f, 126.4f), 0, q, 1);
        assertEquals(1.0f, Float.float16ToFloat(scale));
        assertArrayEquals(new byte[] {0, 127, 1, -1, 0, 2, -3, -127, 126, 0}, Arrays.copyOf(q, 10));
        assertEquals(0, q[33]);
    }

    @Test
    void zerosAreZeros() {
        byte[] q = new byte[32];
        assertEquals(0, Int8Blocks.quantize(block(0, -0f), 0, q, 0));
        assertArrayEquals(new byte[32], q);
    }

    /** The smallest scale of float16 is 2^-24, and half of it rounds to zero. */
    @Test
    void whatIsTooSmallForAScaleIsZero() {
        byte[] q = new byte[32];
        assertEquals(0, Int8Blocks.quantize(block(127 * 0x1p-25f, Float.MIN_VALUE), 0, q, 0));
        assertArrayEquals(new byte[32], q);
        assertEquals(1, Int8Blocks.quantize(block(127 * 0x1.01p-25f), 0, q, 0));
        assertEquals(127, q[0]);
    }

    @Test
    void whatIsNotFiniteOrTooLargeLeavesNoScale() {
        byte[] q = new byte[32];
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 127 * 65520f}) {
            assertFalse(Int8Blocks.isFinite(Int8Blocks.quantize(block(1, bad, 2), 0, q, 0)), () -> "of " + bad);
        }
        assertTrue(Int8Blocks.isFinite(Int8Blocks.quantize(block(-127 * 65504f), 0, q, 0)));
        assertEquals(-127, q[0]);
    }

    @Test
    void aBlockIsTwoBytesMoreThanItsWeights() {
        assertEquals(34, Int8Blocks.bytes(32));
        assertEquals(33 + 4, Int8Blocks.bytes(33));
    }
}
