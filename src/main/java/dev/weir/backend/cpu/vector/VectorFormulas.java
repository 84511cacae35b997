package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.Formulas.EXP_0;
import static dev.weir.backend.cpu.Formulas.EXP_1;
import static dev.weir.backend.cpu.Formulas.EXP_2;
import static dev.weir.backend.cpu.Formulas.EXP_3;
import static dev.weir.backend.cpu.Formulas.EXP_4;
import static dev.weir.backend.cpu.Formulas.EXP_MAX;
import static dev.weir.backend.cpu.Formulas.EXP_MIN;
import static dev.weir.backend.cpu.Formulas.GELU_NEW_1;
import static dev.weir.backend.cpu.Formulas.GELU_NEW_3;
import static dev.weir.backend.cpu.Formulas.LN2_HIGH;
import static dev.weir.backend.cpu.Formulas.LN2_LOW;
import static dev.weir.backend.cpu.Formulas.LOG2_E;
import static dev.weir.backend.cpu.Formulas.ROUNDER;
import static dev.weir.backend.cpu.Formulas.TAIL_0;
import static dev.weir.backend.cpu.Formulas.TAIL_1;
import static dev.weir.backend.cpu.Formulas.TAIL_2;
import static dev.weir.backend.cpu.Formulas.TAIL_3;
import static dev.weir.backend.cpu.Formulas.TAIL_4;
import static dev.weir.backend.cpu.Formulas.TAIL_5;
import static dev.weir.backend.cpu.Formulas.TAIL_6;
import static dev.weir.backend.cpu.Formulas.TAIL_7;
import static dev.weir.backend.cpu.Formulas.TAIL_8;
import static dev.weir.backend.cpu.Formulas.TAIL_END;
import static dev.weir.backend.cpu.Formulas.TAIL_T;
import static dev.weir.backend.cpu.vector.Lanes.COUNT;
import static dev.weir.backend.cpu.vector.Lanes.FLOATS;
import static dev.weir.backend.cpu.vector.Lanes.ORDER;
import static dev.weir.backend.cpu.vector.Memory.ALL;

import dev.weir.backend.cpu.Formulas;
import dev.weir.program.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Formulas}, a register of numbers at a time: the same operations in the same order. A function that needs exp is a loop
 * before it and a loop after it, with exponents and powers in a small buffer between them.
 */
final class VectorFormulas {

    private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

    /** Numbers of a stretch of a row, a multiple of every register: the buffer stays in the first-level cache. */
    private static final int STRETCH = 512;

    private final MemorySegment buffer = Arena.ofAuto().allocate((long) STRETCH * Float.BYTES, 64);

    /** out = function(x); the two may be the same. */
    void activate(Activation function, long x, int columns, long out) {
        int whole = RowLoops.whole(columns);
        try {
            for (int c = 0; c < whole; c += STRETCH) {
                long at = (long) c * Float.BYTES;
                int count = Math.min(STRETCH, whole - c);
                switch (function) {
                    case GELU_NEW -> geluNew(x + at, count, out + at);
                    case GELU -> gelu(x + at, count, out + at);
                    case RELU -> relu(x + at, count, out + at);
                }
            }
        } finally {
            Reference.reachabilityFence(this); // its buffer is in use as an address
        }
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            Memory.set(out + at, Formulas.activate(function, Memory.get(x + at)));
        }
    }

    private void geluNew(long x, int count, long out) {
        long exponents = buffer.address();
        for (int c = 0; c < count; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, x + at, ORDER);
            FloatVector minus2u = value.mul(value).fma(GELU_NEW_3, GELU_NEW_1).mul(value);
            minus2u.intoMemorySegment(ALL, exponents + at, ORDER);
        }
        powers(exponents, count, 0);
        for (int c = 0; c < count; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, x + at, ORDER);
            FloatVector power = FloatVector.fromMemorySegment(FLOATS, ALL, exponents + at, ORDER);
            value.div(power.add(1)).intoMemorySegment(ALL, out + at, ORDER);
        }
    }

    private void gelu(long x, int count, long out) {
        long exponents = buffer.address();
        for (int c = 0; c < count; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector a =
                    FloatVector.fromMemorySegment(FLOATS, ALL, x + at, ORDER).lanewise(VectorOperators.ABS);
            FloatVector clamped = a.blend(TAIL_END, a.compare(VectorOperators.GT, TAIL_END));
            clamped.mul(clamped).mul(-0.5f).intoMemorySegment(ALL, exponents + at, ORDER);
        }
        powers(exponents, count, 0);
        for (int c = 0; c < count; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, x + at, ORDER);
            FloatVector a = value.lanewise(VectorOperators.ABS);
            FloatVector clamped = a.blend(TAIL_END, a.compare(VectorOperators.GT, TAIL_END));
            FloatVector lost = clamped.fma(clamped, clamped.mul(clamped).neg());
            FloatVector power = FloatVector.fromMemorySegment(FLOATS, ALL, exponents + at, ORDER);
            power = power.fma(lost.mul(-0.5f), power);

            FloatVector one = FloatVector.broadcast(FLOATS, 1);
            FloatVector t = one.div(clamped.fma(TAIL_T, 1));
            FloatVector p = t.fma(TAIL_8, TAIL_7);
            p = p.fma(t, FloatVector.broadcast(FLOATS, TAIL_6));
            p = p.fma(t, FloatVector.broadcast(FLOATS, TAIL_5));
            p = p.fma(t, FloatVector.broadcast(FLOATS, TAIL_4));
            p = p.fma(t, FloatVector.broadcast(FLOATS, TAIL_3));
            p = p.fma(t, FloatVector.broadcast(FLOATS, TAIL_2));
            p = p.fma(t, FloatVector.broadcast(FLOATS, TAIL_1));
            p = p.fma(t, FloatVector.broadcast(FLOATS, TAIL_0));
            FloatVector tail = power.mul(p.mul(t));
            FloatVector phi = one.sub(tail).blend(tail, value.compare(VectorOperators.LT, 0));
            value.mul(phi).intoMemorySegment(ALL, out + at, ORDER);
        }
    }

    private static void relu(long x, int count, long out) {
        for (int c = 0; c < count; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, x + at, ORDER);
            value.blend(0, value.compare(VectorOperators.LE, 0)).intoMemorySegment(ALL, out + at, ORDER);
        }
    }

    /** values = exp(values - max) */
    static void exp(long values, int columns, float max) {
        int whole = RowLoops.whole(columns);
        powers(values, whole, max);
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            Memory.set(values + at, Formulas.exp(Memory.get(values + at) - max));
        }
    }

    private static void powers(long values, int count, float max) {
        for (int c = 0; c < count; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector x = FloatVector.fromMemorySegment(FLOATS, ALL, values + at, ORDER)
                    .sub(max);
            FloatVector clamped = x.blend(EXP_MIN, x.compare(VectorOperators.LT, EXP_MIN));
            clamped = clamped.blend(EXP_MAX, clamped.compare(VectorOperators.GT, EXP_MAX));
            FloatVector rounded = clamped.fma(LOG2_E, ROUNDER);
            FloatVector n = rounded.sub(ROUNDER);
            FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), clamped);
            r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);

            FloatVector p = r.fma(EXP_4, EXP_3);
            p = p.fma(r, FloatVector.broadcast(FLOATS, EXP_2));
            p = p.fma(r, FloatVector.broadcast(FLOATS, EXP_1));
            p = p.fma(r, FloatVector.broadcast(FLOATS, EXP_0));
            p = p.fma(r.mul(r), r).add(1);

            IntVector power = rounded.reinterpretAsInts().sub(ROUNDER_BITS);
            IntVector half = power.lanewise(VectorOperators.ASHR, 1);
            IntVector rest = power.sub(half);
            p = p.mul(half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
            p = p.mul(rest.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
            p.intoMemorySegment(ALL, values + at, ORDER);
        }
    }
}
