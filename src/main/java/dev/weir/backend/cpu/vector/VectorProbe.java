package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.vector.Lanes.BYTES;
import static dev.weir.backend.cpu.vector.Lanes.COUNT;
import static dev.weir.backend.cpu.vector.Lanes.FLOATS;
import static dev.weir.backend.cpu.vector.Lanes.ORDER;
import static dev.weir.backend.cpu.vector.Memory.ALL;

import dev.weir.backend.cpu.MachineLimits;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Asks a thread for its best, with the loads and the multiply-adds of the products and nothing else. */
public final class VectorProbe implements MachineLimits.Probe {

    private static final int STREAMS = 4;
    private static final int CHAINS = 10;

    /** In four streams, as {@link FloatTiles#oneByFour} reads panels. */
    @Override
    public float read(MemorySegment memory, long from, long bytes) {
        long stream0 = Memory.address(memory, from, bytes);
        long streamBytes = bytes / STREAMS;
        long stream1 = stream0 + streamBytes;
        long stream2 = stream1 + streamBytes;
        long stream3 = stream2 + streamBytes;
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        FloatVector sum4 = sum0;
        FloatVector sum5 = sum0;
        FloatVector sum6 = sum0;
        FloatVector sum7 = sum0;
        int steps = (int) (streamBytes / (2 * BYTES));
        for (int i = 0; i < steps; i++) {
            long at = 2 * BYTES * i;
            sum0 = sum0.add(FloatVector.fromMemorySegment(FLOATS, ALL, stream0 + at, ORDER));
            sum1 = sum1.add(FloatVector.fromMemorySegment(FLOATS, ALL, stream0 + at + BYTES, ORDER));
            sum2 = sum2.add(FloatVector.fromMemorySegment(FLOATS, ALL, stream1 + at, ORDER));
            sum3 = sum3.add(FloatVector.fromMemorySegment(FLOATS, ALL, stream1 + at + BYTES, ORDER));
            sum4 = sum4.add(FloatVector.fromMemorySegment(FLOATS, ALL, stream2 + at, ORDER));
            sum5 = sum5.add(FloatVector.fromMemorySegment(FLOATS, ALL, stream2 + at + BYTES, ORDER));
            sum6 = sum6.add(FloatVector.fromMemorySegment(FLOATS, ALL, stream3 + at, ORDER));
            sum7 = sum7.add(FloatVector.fromMemorySegment(FLOATS, ALL, stream3 + at + BYTES, ORDER));
        }
        FloatVector even = sum0.add(sum2).add(sum4).add(sum6);
        FloatVector odd = sum1.add(sum3).add(sum5).add(sum7);
        return even.add(odd).reduceLanes(VectorOperators.ADD);
    }

    @Override
    public float multiplyAdd(int rounds) {
        FloatVector half = FloatVector.broadcast(FLOATS, 0.5f);
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        FloatVector sum4 = sum0;
        FloatVector sum5 = sum0;
        FloatVector sum6 = sum0;
        FloatVector sum7 = sum0;
        FloatVector sum8 = sum0;
        FloatVector sum9 = sum0;
        for (int i = 0; i < rounds; i++) {
            sum0 = half.fma(half, sum0);
            sum1 = half.fma(half, sum1);
            sum2 = half.fma(half, sum2);
            sum3 = half.fma(half, sum3);
            sum4 = half.fma(half, sum4);
            sum5 = half.fma(half, sum5);
            sum6 = half.fma(half, sum6);
            sum7 = half.fma(half, sum7);
            sum8 = half.fma(half, sum8);
            sum9 = half.fma(half, sum9);
        }
        FloatVector even = sum0.add(sum2).add(sum4).add(sum6).add(sum8);
        FloatVector odd = sum1.add(sum3).add(sum5).add(sum7).add(sum9);
        return even.add(odd).reduceLanes(VectorOperators.ADD);
    }

    @Override
    public int operationsOfRound() {
        return 2 * CHAINS * COUNT;
    }
}
