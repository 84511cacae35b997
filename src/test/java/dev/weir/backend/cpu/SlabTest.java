package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlabTest {

    /** On both sides of where huge pages begin. */
    @ParameterizedTest
    @ValueSource(longs = {1, 64, 1000, HugePages.PAGE - 1, HugePages.PAGE, 3 * HugePages.PAGE + 100})
    void memoryIsAlignedZeroedAndGoneWhenClosed(long bytes) {
        MemorySegment memory;
        try (var slab = new Slab(bytes)) {
            memory = slab.memory();
            assertEquals(bytes, memory.byteSize());
            assertEquals(0, memory.address() % Slab.ALIGNMENT);
            for (long at = 0; at < bytes; at++) {
                assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, at));
            }
            memory.set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 7);
            assertThrows(IndexOutOfBoundsException.class, () -> memory.get(ValueLayout.JAVA_BYTE, bytes));
        }
        assertThrows(IllegalStateException.class, () -> memory.get(ValueLayout.JAVA_BYTE, 0));
    }
}
