package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.vector.Lanes.BYTES;
import static dev.weir.backend.cpu.vector.Lanes.COUNT;
import static dev.weir.backend.cpu.vector.Lanes.FLOATS;
import static dev.weir.backend.cpu.vector.Lanes.ORDER;
import static dev.weir.backend.cpu.vector.Memory.ALL;

import dev.weir.backend.cpu.ScalarKernels;
import jdk.incubator.vector.FloatVector;

/**
 * Sums over a row in the sixteen partial sums of {@link ScalarKernels}. A register may hold four of them, eight or all: what it holds
 * is a constant of the machine, so the compiler drops the registers that are not needed.
 */
final class RowSums {

    private static final int LANES = ScalarKernels.LANES;

    private final float[] lanes = new float[LANES];

    float sum(long x, int columns) {
        FloatVector sum0 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum1 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum2 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum3 = FloatVector.broadcast(FLOATS, 0);
        int whole = columns / LANES * LANES;
        for (int c = 0; c < whole; c += LANES) {
            long at = x + (long) c * Float.BYTES;
            sum0 = sum0.add(FloatVector.fromMemorySegment(FLOATS, ALL, at, ORDER));
            if (COUNT <= 8) {
                sum1 = sum1.add(FloatVector.fromMemorySegment(FLOATS, ALL, at + BYTES, ORDER));
            }
            if (COUNT <= 4) {
                sum2 = sum2.add(FloatVector.fromMemorySegment(FLOATS, ALL, at + 2 * BYTES, ORDER));
                sum3 = sum3.add(FloatVector.fromMemorySegment(FLOATS, ALL, at + 3 * BYTES, ORDER));
            }
        }
        spread(sum0, sum1, sum2, sum3);
        for (int c = whole; c < columns; c++) {
            lanes[c - whole] += Memory.get(x + (long) c * Float.BYTES);
        }
        return ScalarKernels.sumOfLanes(lanes);
    }

    /** The sum of (x - mean)^2. */
    float sumOfSquares(long x, int columns, float mean) {
        FloatVector sum0 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum1 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum2 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum3 = FloatVector.broadcast(FLOATS, 0);
        int whole = columns / LANES * LANES;
        for (int c = 0; c < whole; c += LANES) {
            long at = x + (long) c * Float.BYTES;
            FloatVector centred0 =
                    FloatVector.fromMemorySegment(FLOATS, ALL, at, ORDER).sub(mean);
            sum0 = centred0.fma(centred0, sum0);
            if (COUNT <= 8) {
                FloatVector centred1 = FloatVector.fromMemorySegment(FLOATS, ALL, at + BYTES, ORDER)
                        .sub(mean);
                sum1 = centred1.fma(centred1, sum1);
            }
            if (COUNT <= 4) {
                FloatVector centred2 = FloatVector.fromMemorySegment(FLOATS, ALL, at + 2 * BYTES, ORDER)
                        .sub(mean);
                FloatVector centred3 = FloatVector.fromMemorySegment(FLOATS, ALL, at + 3 * BYTES, ORDER)
                        .sub(mean);
                sum2 = centred2.fma(centred2, sum2);
                sum3 = centred3.fma(centred3, sum3);
            }
        }
        spread(sum0, sum1, sum2, sum3);
        for (int c = whole; c < columns; c++) {
            float centred = Memory.get(x + (long) c * Float.BYTES) - mean;
            lanes[c - whole] = Math.fma(centred, centred, lanes[c - whole]);
        }
        return ScalarKernels.sumOfLanes(lanes);
    }

    /** The sum of a * b. */
    float dot(long a, long b, int columns) {
        FloatVector sum0 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum1 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum2 = FloatVector.broadcast(FLOATS, 0);
        FloatVector sum3 = FloatVector.broadcast(FLOATS, 0);
        int whole = columns / LANES * LANES;
        for (int c = 0; c < whole; c += LANES) {
            long at = (long) c * Float.BYTES;
            FloatVector left0 = FloatVector.fromMemorySegment(FLOATS, ALL, a + at, ORDER);
            sum0 = left0.fma(FloatVector.fromMemorySegment(FLOATS, ALL, b + at, ORDER), sum0);
            if (COUNT <= 8) {
                FloatVector left1 = FloatVector.fromMemorySegment(FLOATS, ALL, a + at + BYTES, ORDER);
                sum1 = left1.fma(FloatVector.fromMemorySegment(FLOATS, ALL, b + at + BYTES, ORDER), sum1);
            }
            if (COUNT <= 4) {
                FloatVector left2 = FloatVector.fromMemorySegment(FLOATS, ALL, a + at + 2 * BYTES, ORDER);
                sum2 = left2.fma(FloatVector.fromMemorySegment(FLOATS, ALL, b + at + 2 * BYTES, ORDER), sum2);
                FloatVector left3 = FloatVector.fromMemorySegment(FLOATS, ALL, a + at + 3 * BYTES, ORDER);
                sum3 = left3.fma(FloatVector.fromMemorySegment(FLOATS, ALL, b + at + 3 * BYTES, ORDER), sum3);
            }
        }
        spread(sum0, sum1, sum2, sum3);
        for (int c = whole; c < columns; c++) {
            long at = (long) c * Float.BYTES;
            lanes[c - whole] = Math.fma(Memory.get(a + at), Memory.get(b + at), lanes[c - whole]);
        }
        return ScalarKernels.sumOfLanes(lanes);
    }

    private void spread(FloatVector sum0, FloatVector sum1, FloatVector sum2, FloatVector sum3) {
        sum0.intoArray(lanes, 0);
        if (COUNT <= 8) {
            sum1.intoArray(lanes, COUNT);
        }
        if (COUNT <= 4) {
            sum2.intoArray(lanes, 2 * COUNT);
            sum3.intoArray(lanes, 3 * COUNT);
        }
    }
}
