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
     * The address of an element of a window, after a check that it and the others of these rows and columns are there.
     *
     * @throws IndexOutOfBoundsException if the window reaches beyond its memory
     * @throws IllegalStateException if its memory is closed
     */
    static long address(Window window, int fromRow, int toRow, int fromColumn, int toColumn) {
        long first = window.at(fromRow, fromColumn);
        requireThere(window.data(), first);
        requireThere(window.data(), window.at(toRow - 1, toColumn - 1) + Float.BYTES - 1);
        return window.data().address() + first;
    }

    /** The same for one row from its first column on. */
    static long address(Window window, int row, int columns) {
        return address(window, row, row + 1, 0, columns);
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
