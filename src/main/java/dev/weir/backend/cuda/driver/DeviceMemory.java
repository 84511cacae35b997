package dev.weir.backend.cuda.driver;

import jcuda.driver.JCudaDriver;

/** A piece of device memory. */
public final class DeviceMemory implements AutoCloseable {

    private final Holding holding;
    private final long address;
    private final long bytes;

    DeviceMemory(Gpu gpu, DeviceAddress address, long bytes, String purpose) {
        this.address = address.value();
        this.bytes = bytes;
        this.holding = gpu.hold("device memory for " + purpose, () -> JCudaDriver.cuMemFree(address));
    }

    /** Where it starts, at a multiple of 256 bytes; arithmetic is the caller's. */
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
