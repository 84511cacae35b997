package dev.weir.backend.cuda.driver;

import jcuda.driver.JCudaDriver;

/** A piece of device memory. */
public final class DeviceMemory implements AutoCloseable {

    private static final long ALIGNMENT = 256;

    private final Holding holding;
    private final long address;
    private final long bytes;

    DeviceMemory(Gpu gpu, DeviceAddress address, long bytes, String purpose) {
        this.address = address.value();
        this.bytes = bytes;
        this.holding = gpu.hold("device memory for " + purpose, () -> JCudaDriver.cuMemFree(address));
    }

    /** So many bytes and what is missing to the next multiple of {@value #ALIGNMENT}, where another piece may begin. */
    public static long aligned(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    /** Where it starts, at a multiple of {@value #ALIGNMENT} bytes; arithmetic is the caller's. */
    public long address() {
        return address;
    }

    public long bytes() {
        return bytes;
    }

    /** Waits for everything that the GPU does, as {@code cuMemFree} does. */
    @Override
    public void close() {
        holding.close();
    }
}
