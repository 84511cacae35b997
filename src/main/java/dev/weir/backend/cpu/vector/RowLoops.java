package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.vector.Lanes.COUNT;
import static dev.weir.backend.cpu.vector.Lanes.FLOATS;
import static dev.weir.backend.cpu.vector.Lanes.INTS;
import static dev.weir.backend.cpu.vector.Lanes.ORDER;
import static dev.weir.backend.cpu.vector.Lanes.SHORTS;
import static dev.weir.backend.cpu.vector.Memory.ALL;

import dev.weir.backend.cpu.Rounding;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** What is done to a row element by element: registers first, then the numbers that do not fill one. Rows are addresses. */
final class RowLoops {

    private RowLoops() {}

    /** The columns that fill registers. */
    static int whole(int columns) {
        return columns / COUNT * COUNT;
    }

    static void clear(long out, int columns) {
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            FloatVector.zero(FLOATS).intoMemorySegment(ALL, out + (long) c * Float.BYTES, ORDER);
        }
        for (int c = whole; c < columns; c++) {
            Memory.set(out + (long) c * Float.BYTES, 0f);
        }
    }

    /** out = a + b */
    static void add(long a, long b, int columns, long out) {
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector left = FloatVector.fromMemorySegment(FLOATS, ALL, a + at, ORDER);
            FloatVector right = FloatVector.fromMemorySegment(FLOATS, ALL, b + at, ORDER);
            left.add(right).intoMemorySegment(ALL, out + at, ORDER);
        }
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            Memory.set(out + at, Memory.get(a + at) + Memory.get(b + at));
        }
    }

    /** out = factor * v + x */
    static void addScaled(long x, float factor, long v, int columns, long out) {
        FloatVector factors = FloatVector.broadcast(FLOATS, factor);
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, x + at, ORDER);
            FloatVector vector = FloatVector.fromMemorySegment(FLOATS, ALL, v + at, ORDER);
            vector.fma(factors, value).intoMemorySegment(ALL, out + at, ORDER);
        }
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            Memory.set(out + at, Math.fma(factor, Memory.get(v + at), Memory.get(x + at)));
        }
    }

    static void scale(long values, int columns, float factor) {
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, values + at, ORDER);
            value.mul(factor).intoMemorySegment(ALL, values + at, ORDER);
        }
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            Memory.set(values + at, Memory.get(values + at) * factor);
        }
    }

    static void divide(long values, int columns, float divisor) {
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, values + at, ORDER);
            value.div(divisor).intoMemorySegment(ALL, values + at, ORDER);
        }
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            Memory.set(values + at, Memory.get(values + at) / divisor);
        }
    }

    /** out = (x - mean) / scale */
    static void centre(long x, int columns, float mean, float scale, long out) {
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, x + at, ORDER);
            value.sub(mean).div(scale).intoMemorySegment(ALL, out + at, ORDER);
        }
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            Memory.set(out + at, (Memory.get(x + at) - mean) / scale);
        }
    }

    /** out = x * weight + bias */
    static void transform(long x, int columns, long weight, long bias, long out) {
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            long at = (long) c * Float.BYTES;
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, x + at, ORDER);
            FloatVector w = FloatVector.fromMemorySegment(FLOATS, ALL, weight + at, ORDER);
            FloatVector b = FloatVector.fromMemorySegment(FLOATS, ALL, bias + at, ORDER);
            value.fma(w, b).intoMemorySegment(ALL, out + at, ORDER);
        }
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            Memory.set(out + at, Math.fma(Memory.get(x + at), Memory.get(weight + at), Memory.get(bias + at)));
        }
    }

    /** The upper halves of the bits, after half a unit of them, less one where the last of them is even; a NaN is kept one. */
    static void bfloat16(long x, int columns, long out) {
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            FloatVector value = FloatVector.fromMemorySegment(FLOATS, ALL, x + (long) c * Float.BYTES, ORDER);
            IntVector bits = value.reinterpretAsInts();
            IntVector upper = bits.lanewise(VectorOperators.LSHR, Short.SIZE);
            IntVector rounded = bits.add(upper.and(1)).add(0x7fff).lanewise(VectorOperators.LSHR, Short.SIZE);
            VectorMask<Integer> isNaN = value.test(VectorOperators.IS_NAN).cast(INTS);
            rounded.blend(upper.or(0x40), isNaN)
                    .convertShape(VectorOperators.I2S, SHORTS, 0)
                    .reinterpretAsShorts()
                    .intoMemorySegment(ALL, out + (long) c * Short.BYTES, ORDER);
        }
        for (int c = whole; c < columns; c++) {
            Memory.set(out + (long) c * Short.BYTES, Rounding.bfloat16(Memory.get(x + (long) c * Float.BYTES)));
        }
    }

    /** The largest value, or NaN if there is one. */
    static float max(long values, int columns) {
        FloatVector largest = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        int whole = whole(columns);
        for (int c = 0; c < whole; c += COUNT) {
            long at = (long) c * Float.BYTES;
            largest = largest.max(FloatVector.fromMemorySegment(FLOATS, ALL, values + at, ORDER));
        }
        float max = largest.reduceLanes(VectorOperators.MAX);
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            max = Math.max(max, Memory.get(values + at));
        }
        return max;
    }
}
