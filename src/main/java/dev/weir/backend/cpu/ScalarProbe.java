package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Asks a thread for its best without vector registers. */
final class ScalarProbe implements MachineLimits.Probe {

    private static final int CHAINS = 4;

    @Override
    public float read(MemorySegment memory, long from, long bytes) {
        long sum = 0;
        for (long at = from; at < from + bytes; at += Long.BYTES) {
            sum += memory.get(ValueLayout.JAVA_LONG, at);
        }
        return sum;
    }

    @Override
    public float multiplyAdd(int rounds) {
        float a = 1;
        float b = 2;
        float c = 3;
        float d = 4;
        for (int i = 0; i < rounds; i++) {
            a = Math.fma(a, 0.5f, 1);
            b = Math.fma(b, 0.5f, 1);
            c = Math.fma(c, 0.5f, 1);
            d = Math.fma(d, 0.5f, 1);
        }
        return a + b + c + d;
    }

    @Override
    public int operationsOfRound() {
        return 2 * CHAINS;
    }
}
