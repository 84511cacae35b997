package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.cpu.MachineLimits.Probe;
import dev.weir.backend.cpu.vector.VectorProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class MachineLimitsTest {

    private static final int FLOATS = 4096;

    @Test
    void aProbeReadsAllOfTheMemory() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate((FLOATS + 16L) * Float.BYTES, 64);
            for (int i = 0; i < FLOATS; i++) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i + 16L, 1);
            }
            float sum = new VectorProbe().read(memory, 64, (long) FLOATS * Float.BYTES);
            assertEquals(FLOATS, sum);
            float pairs = new ScalarProbe().read(memory, 64, (long) FLOATS * Float.BYTES);
            assertEquals((float) (FLOATS / 2 * ((0x3f800000L << 32) + 0x3f800000L)), pairs);
        }
    }

    @Test
    void aProbeDoesAsManyOperationsAsItSays() {
        var vector = new VectorProbe();
        int rounds = 1000;
        float quarters = (float) rounds * vector.operationsOfRound() / 2 / 4; // each adds a half times a half
        assertEquals(quarters, vector.multiplyAdd(rounds));
        assertEquals(8, new ScalarProbe().multiplyAdd(rounds), "four chains that go to two");
    }

    @Test
    void figuresAreThoseOfTheProbe() {
        var limits = MachineLimits.measure(2, new Probe() {
            @Override
            public float read(MemorySegment memory, long from, long bytes) {
                assertEquals(1, memory.get(ValueLayout.JAVA_BYTE, from + bytes - 1));
                return 0;
            }

            @Override
            public float multiplyAdd(int rounds) {
                return 0;
            }

            @Override
            public int operationsOfRound() {
                return 1;
            }
        });
        assertEquals(2, limits.threads());
        assertTrue(limits.readGigabytes() > 0 && limits.gigaflops() > 0, limits.toString());
    }
}
