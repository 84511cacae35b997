package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import org.apache.commons.math3.special.Erf;
import org.junit.jupiter.api.Test;

/** The functions of one number against float64. */
class FormulasTest {

    /** Of all the floats between two, about so many. */
    private static final int SAMPLES = 400_000;

    private interface FloatFunction {
        float apply(float x);
    }

    /** In units of the last place of the scale, which is the result's own unless it is told. */
    private static void assertClose(
            FloatFunction f, DoubleUnaryOperator exact, DoubleUnaryOperator scale, float from, float to, double ulps) {
        int first = sortable(from);
        int step = Math.max(1, (int) (((long) sortable(to) - first) / SAMPLES));
        double worst = 0;
        float where = from;
        for (long i = first; i <= sortable(to); i += step) {
            float x = unsortable((int) i);
            double error = Math.abs(f.apply(x) - exact.applyAsDouble(x)) / Math.ulp((float) scale.applyAsDouble(x));
            if (!(error <= worst)) {
                worst = error;
                where = x;
            }
        }
        assertTrue(worst <= ulps, "%.3f ulp at %s: expected %.3f".formatted(worst, where, ulps));
    }

    /** Ints that are in the order of the floats. */
    private static int sortable(float x) {
        int bits = Float.floatToRawIntBits(x);
        return bits >= 0 ? bits : Integer.MIN_VALUE - bits;
    }

    private static float unsortable(int i) {
        return Float.intBitsToFloat(i >= 0 ? i : Integer.MIN_VALUE - i);
    }

    @Test
    void expIsWithinAnUlpAndAHalf() {
        assertClose(Formulas::exp, Math::exp, Math::exp, -104, 88.7f, 1.5);
        assertClose(Formulas::exp, Math::exp, Math::exp, -1, 1, 1.5);
    }

    @Test
    void expHasItsLimits() {
        assertEquals(1, Formulas.exp(0));
        assertEquals(1, Formulas.exp(-0f));
        assertEquals(0, Formulas.exp(Float.NEGATIVE_INFINITY));
        assertEquals(0, Formulas.exp(-1e30f));
        assertEquals(Float.MIN_VALUE, Formulas.exp(-103.5f));
        assertEquals(Float.POSITIVE_INFINITY, Formulas.exp(88.73f));
        assertEquals(Float.POSITIVE_INFINITY, Formulas.exp(Float.POSITIVE_INFINITY));
        assertTrue(Float.isNaN(Formulas.exp(Float.NaN)));
    }

    @Test
    void geluNewIsWithinAFewUlpsOfItsArgument() {
        DoubleUnaryOperator exact = x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        assertClose(Formulas::geluNew, exact, x -> x, -20, 20, 3);
        assertClose(Formulas::geluNew, exact, exact, 0, 1e30f, 3);
    }

    @Test
    void geluIsWithinSixUlpsAndWithinEightBelowZero() {
        DoubleUnaryOperator exact = x -> 0.5 * x * Erf.erfc(-x / Math.sqrt(2));
        assertClose(Formulas::gelu, exact, exact, 0, 1e30f, 6);
        assertClose(Formulas::gelu, exact, exact, -12, 0, 8);
        assertClose(Formulas::gelu, exact, x -> x, -1e30f, -12, 1);
    }

    @Test
    void activationsHaveTheirLimits() {
        for (FloatFunction f : new FloatFunction[] {Formulas::geluNew, Formulas::gelu, Formulas::relu}) {
            assertEquals(0, f.apply(0));
            assertEquals(0, f.apply(-1e20f), 0);
            assertEquals(1e20f, f.apply(1e20f));
            assertEquals(Float.POSITIVE_INFINITY, f.apply(Float.POSITIVE_INFINITY));
            assertTrue(Float.isNaN(f.apply(Float.NaN)));
        }
    }
}
