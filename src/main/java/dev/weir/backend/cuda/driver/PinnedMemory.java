package dev.weir.backend.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.driver.JCudaDriver;

/** Locked memory of the host. */
public final class PinnedMemory implements AutoCloseable {

    private final Holding holding;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    @SuppressWarnings("restricted")
    PinnedMemory(Gpu gpu, HostAddress address, long bytes) {
        this.segment = MemorySegment.ofAddress(address.value()).reinterpret(bytes, arena, null);
        this.holding = gpu.hold("pinned memory", () -> {
            arena.close();
            return JCudaDriver.cuMemFreeHost(address);
        });
    }

    /** The memory, for all threads; reading it after {@link #close} is an IllegalStateException. */
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public void close() {
        holding.close();
    }
}
