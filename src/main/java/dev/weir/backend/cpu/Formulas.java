package dev.weir.backend.cpu;

import dev.weir.program.Activation;

/**
 * The functions of one number, each written once as the operations that define its bits. Every implementation of {@link Kernels}
 * does these operations, in this order, in float32.
 */
public final class Formulas {

    /** Adding and subtracting it rounds to an integer, which is then in the low bits: 1.5 x 2^23. */
    public static final float ROUNDER = 0x1.8p23f;

    /** Below this exp is zero, above {@link #EXP_MAX} infinite, in float32. */
    public static final float EXP_MIN = -104;

    public static final float EXP_MAX = 89;

    public static final float LOG2_E = 1.442695f;

    /** ln 2 as the sum of two floats. */
    public static final float LN2_HIGH = 0.6931472f;

    public static final float LN2_LOW = -1.9046542e-9f;

    /** The minimax polynomial of (exp(r) - 1 - r) / r^2 on {@code |r| <= ln(2) / 2}; the error is 3.1e-9 of exp(r). */
    public static final float EXP_0 = 0.49999994f;

    public static final float EXP_1 = 0.16666521f;
    public static final float EXP_2 = 0.04166839f;
    public static final float EXP_3 = 0.008368717f;
    public static final float EXP_4 = 0.0013814607f;

    /** -2 sqrt(2 / pi) */
    public static final float GELU_NEW_1 = -1.5957692f;

    /** -2 sqrt(2 / pi) x 0.044715 */
    public static final float GELU_NEW_3 = -0.071354814f;

    /** Where the tail of the normal distribution has vanished. */
    public static final float TAIL_END = 16;

    public static final float TAIL_T = 0.34375f;

    /** The minimax polynomial of exp(a^2 / 2) Phi(-a) / t with t = 1 / (1 + 0.34375 a) on {@code 0 <= a <= 16}; the error is 3.6e-8 of it. */
    public static final float TAIL_0 = 0.13712278f;

    public static final float TAIL_1 = 0.13748263f;
    public static final float TAIL_2 = 0.11721365f;
    public static final float TAIL_3 = 0.11062333f;
    public static final float TAIL_4 = -0.034104247f;
    public static final float TAIL_5 = 0.18278994f;
    public static final float TAIL_6 = -0.26410192f;
    public static final float TAIL_7 = 0.13993183f;
    public static final float TAIL_8 = -0.026957963f;

    private Formulas() {}

    /** The activation function of an MLP. */
    public static float activate(Activation function, float x) {
        return switch (function) {
            case GELU_NEW -> geluNew(x);
            case GELU -> gelu(x);
            case RELU -> relu(x);
        };
    }

    /**
     * e^x within 1.5 units in the last place. Argument reduction after Cody and Waite (1980): x = n ln 2 + r, exp(x) = 2^n exp(r).
     * The power of two is applied in two halves, so that results below the normal range round once and those above are infinite.
     */
    public static float exp(float x) {
        float clamped = x < EXP_MIN ? EXP_MIN : x;
        clamped = clamped > EXP_MAX ? EXP_MAX : clamped;
        float rounded = Math.fma(clamped, LOG2_E, ROUNDER);
        float n = rounded - ROUNDER;
        float r = Math.fma(n, -LN2_HIGH, clamped);
        r = Math.fma(n, -LN2_LOW, r);

        float p = Math.fma(EXP_4, r, EXP_3);
        p = Math.fma(p, r, EXP_2);
        p = Math.fma(p, r, EXP_1);
        p = Math.fma(p, r, EXP_0);
        p = Math.fma(p, r * r, r) + 1;

        int power = Float.floatToRawIntBits(rounded) - Float.floatToRawIntBits(ROUNDER);
        int half = power >> 1;
        return p * powerOfTwo(half) * powerOfTwo(power - half);
    }

    private static float powerOfTwo(int n) {
        return Float.intBitsToFloat((n + 127) << 23);
    }

    /** 0.5 x (1 + tanh(u)) = x / (1 + exp(-2 u)) with u = sqrt(2 / pi) (x + 0.044715 x^3). */
    public static float geluNew(float x) {
        float minus2u = Math.fma(x * x, GELU_NEW_3, GELU_NEW_1) * x;
        return x / (1 + exp(minus2u));
    }

    /**
     * x Phi(x), where Phi(-a) is {@link #normalTail} and Phi(a) = 1 - Phi(-a): within 6 units in the last place above zero, within 8
     * down to -12, where it has vanished beside x.
     */
    public static float gelu(float x) {
        float tail = normalTail(Math.abs(x));
        return x * (x < 0 ? tail : 1 - tail);
    }

    /**
     * Phi(-a) for a >= 0: exp(-a^2 / 2) times a polynomial in t = 1 / (1 + c a), the form of Abramowitz and Stegun 7.1.26 with more
     * terms. What rounding takes from a^2 is given back to the exponential.
     */
    static float normalTail(float a) {
        float clamped = a > TAIL_END ? TAIL_END : a;
        float square = clamped * clamped;
        float lost = Math.fma(clamped, clamped, -square);
        float power = exp(-0.5f * square);
        power = Math.fma(power, -0.5f * lost, power);

        float t = 1 / Math.fma(TAIL_T, clamped, 1);
        float p = Math.fma(TAIL_8, t, TAIL_7);
        p = Math.fma(p, t, TAIL_6);
        p = Math.fma(p, t, TAIL_5);
        p = Math.fma(p, t, TAIL_4);
        p = Math.fma(p, t, TAIL_3);
        p = Math.fma(p, t, TAIL_2);
        p = Math.fma(p, t, TAIL_1);
        p = Math.fma(p, t, TAIL_0);
        return power * (p * t);
    }

    /** max(x, 0); NaN stays NaN. */
    public static float relu(float x) {
        return x <= 0 ? 0 : x;
    }
}
