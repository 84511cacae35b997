package dev.weir.backend.cpu.vector;

import dev.weir.backend.cpu.Window;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Memory as addresses. How well a compiler does with a segment depends on which kinds of segments the rest of the program uses: with
 * two of them it checks kind, bounds and life at every access of a loop. So a kernel checks the windows that it is given when it
 * begins, and inside reads and writes one segment that is all memory, a constant about which there is nothing left to check.
 */
@SuppressWarnings("restricted") // these kernels are chosen only where native access is given
final class Memory {

    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Memory() {}

    /**
     * The address of the first element of a window, after a check that every element up to these rows and columns is there.
     *
     * @throws IndexOutOfBoundsException if the window reaches beyond its memory
     * @throws IllegalStateException if its memory is closed
     */
    static long address(Window window, int rows, int columns) {
        requireThere(window.data(), window.at(0, 0));
        requireThere(window.data(), window.at(rows - 1, columns - 1) + Float.BYTES - 1);
        return window.data().address() + window.offset();
    }

    /** The address of a byte of memory, after a check that it and the bytes after it are there. */
    static long address(MemorySegment data, long offset, long bytes) {
        requireThere(data, offset);
        requireThere(data, offset + bytes - 1);
        return data.address() + offset;
    }

    private static void requireThere(MemorySegment data, long offset) {
        if (!data.isNative()) {
            throw new IllegalArgumentException("memory of a kernel: expected outside the heap, got " + data);
        }
        byte ignored = data.get(ValueLayout.JAVA_BYTE, offset);
    }

    static float get(long address) {
        return ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
    }

    static void set(long address, short value) {
        ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, value);
    }

    static void set(long address, float value) {
        ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
    }
}
