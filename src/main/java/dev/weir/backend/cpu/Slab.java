package dev.weir.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A stretch of memory outside the heap: zeroed, aligned to a cache line, freed on close. Access after that is an exception. */
final class Slab implements AutoCloseable {

    /** The widest vector register, and a cache line. */
    static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    Slab(long bytes) {
        memory = bytes < HugePages.PAGE
                ? arena.allocate(bytes, ALIGNMENT)
                : HugePages.allocate(bytes, arena).orElseGet(() -> arena.allocate(bytes, ALIGNMENT));
    }

    MemorySegment memory() {
        return memory;
    }

    static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    @Override
    public void close() {
        arena.close();
    }
}
