package dev.weir.backend.cuda.driver;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/** Memory of the host as JCuda takes it. Through a buffer, JCuda's own way, nothing longer than 2 GiB would go. */
final class HostAddress extends Pointer {

    HostAddress() {}

    private HostAddress(long address) {
        super(address);
    }

    /** @throws IllegalArgumentException for memory in the Java heap, which may move while the device reads it */
    static HostAddress of(MemorySegment memory) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("host memory: expected a native segment, got one in the Java heap");
        }
        return new HostAddress(memory.address());
    }

    long value() {
        return getNativePointer();
    }
}
