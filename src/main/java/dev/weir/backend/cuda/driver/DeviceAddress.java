package dev.weir.backend.cuda.driver;

import jcuda.driver.CUdeviceptr;

/** An address of device memory as JCuda takes it, which else could only be had from JCuda's own allocation. */
final class DeviceAddress extends CUdeviceptr {

    /** For the driver to write an address into. */
    DeviceAddress() {}

    DeviceAddress(long address) {
        super(new CUdeviceptr(), address);
    }

    long value() {
        return getNativePointer() + getByteOffset();
    }
}
