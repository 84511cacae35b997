package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.PinnedMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Pinned memory that grows; what it held is gone then. */
final class PinnedBuffer implements AutoCloseable {

    private final Gpu gpu;
    private @Nullable PinnedMemory memory;

    PinnedBuffer(Gpu gpu) {
        this.gpu = gpu;
    }

    /** Makes room; nobody may be copying from or to it. */
    void reserve(long bytes) {
        if (memory == null || memory.segment().byteSize() < bytes) {
            PinnedMemory larger = gpu.pin(Math.max(1, bytes));
            close();
            memory = larger;
        }
    }

    /** The first so many bytes, which there is room for. */
    MemorySegment first(long bytes) {
        return slice(0, bytes);
    }

    MemorySegment slice(long from, long bytes) {
        if (memory == null) {
            throw new IllegalStateException("pinned memory: expected to be reserved before it is used");
        }
        return memory.segment().asSlice(from, bytes);
    }

    @Override
    public void close() {
        if (memory != null) {
            memory.close();
            memory = null;
        }
    }
}
