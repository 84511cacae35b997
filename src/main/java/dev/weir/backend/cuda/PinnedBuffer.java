package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Event;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.PinnedMemory;
import dev.weir.backend.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pinned memory that grows, and where the copies from or to it stand: they are begun and left to the GPU, and whoever wants the memory
 * next waits for them.
 */
final class PinnedBuffer implements AutoCloseable {

    private final Gpu gpu;
    private final Event copied;
    private @Nullable PinnedMemory memory;

    PinnedBuffer(Gpu gpu) {
        this.gpu = gpu;
        copied = gpu.event();
    }

    /** So many buffers that take turns. */
    static List<PinnedBuffer> several(Gpu gpu, int count) {
        return java.util.stream.Stream.generate(() -> new PinnedBuffer(gpu))
                .limit(count)
                .toList();
    }

    /** Waits for the copies, then makes room; what was held is gone where there was too little. */
    void reserve(long bytes) {
        copied.synchronize();
        if (memory == null || memory.segment().byteSize() < bytes) {
            PinnedMemory larger = gpu.pin(Math.max(1, bytes));
            giveBack();
            memory = larger;
        }
    }

    /** A part for which there is room, to be copied. */
    MemorySegment part(long from, long bytes) {
        if (memory == null) {
            throw new IllegalStateException("pinned memory: expected to be reserved before it is used");
        }
        return memory.segment().asSlice(from, bytes);
    }

    /** The same to be read or written here, once the copies are through. */
    MemorySegment settledPart(long from, long bytes) {
        copied.synchronize();
        return part(from, bytes);
    }

    /** The copies are begun: they are through when the stream comes to where it now ends. */
    void leaveTo(Stream stream) {
        stream.record(copied);
    }

    /** Lets a stream wait, on the GPU, until the copies are through. */
    void holdBack(Stream stream) {
        stream.await(copied);
    }

    private void giveBack() {
        if (memory != null) {
            memory.close();
            memory = null;
        }
    }

    @Override
    public void close() {
        copied.close();
        giveBack();
    }
}
