package dev.weir.backend.cuda.driver;

import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.JCudaDriver;

/** A kernel. */
public final class KernelFunction {

    /** Shared memory of a block, the kernel's own variables included, that needs no asking. */
    private static final int PLAIN_SHARED_BYTES = 48 << 10;

    private static final int SHARED_ALIGNMENT = 16;

    private final Gpu gpu;
    private final String name;
    private final CUfunction function;
    private final Holding module;
    private final int ownSharedBytes;
    private int allowedSharedBytes;

    KernelFunction(Gpu gpu, String name, CUfunction function, Holding module) {
        this.gpu = gpu;
        this.name = name;
        this.function = function;
        this.module = module;
        this.ownSharedBytes = roundedUp(askOwnSharedBytes());
        this.allowedSharedBytes = PLAIN_SHARED_BYTES - ownSharedBytes;
    }

    private int askOwnSharedBytes() {
        var bytes = new int[1];
        gpu.check(
                JCudaDriver.cuFuncGetAttribute(
                        bytes, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function),
                "asking for the shared memory of " + name);
        return bytes[0];
    }

    public String name() {
        return name;
    }

    private static int roundedUp(int bytes) {
        return Math.ceilDiv(bytes, SHARED_ALIGNMENT) * SHARED_ALIGNMENT;
    }

    /** Shared memory that the kernel's own variables take, up to where dynamic shared memory begins. */
    public int ownSharedBytes() {
        return ownSharedBytes;
    }

    /** Dynamic shared memory that a block can have at most: what the GPU has, less what the kernel's own variables take. */
    public int mostSharedBytes() {
        return gpu.info().maxSharedBytes() - ownSharedBytes;
    }

    /**
     * Lets launches have so much dynamic shared memory, where that is more than what every kernel may have: 48 KiB less its own
     * variables. What was allowed before stays, because earlier launches count on it.
     *
     * @param bytes for each block, up to {@link #mostSharedBytes}
     */
    public synchronized void allowShared(int bytes) {
        if (bytes < 0 || bytes > mostSharedBytes()) {
            throw new IllegalArgumentException("shared memory of " + name + ": expected 0 to " + mostSharedBytes()
                    + " bytes, which is what the GPU has, got " + bytes);
        }
        if (bytes <= allowedSharedBytes) {
            return;
        }
        gpu.check(
                JCudaDriver.cuFuncSetAttribute(
                        handle(), CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
                "allowing " + name + " " + bytes + " bytes of shared memory");
        allowedSharedBytes = bytes;
    }

    /**
     * How many blocks of this kernel live at the same time on a GPU that does nothing else: what a cooperative launch may have.
     *
     * @param threads of a block
     * @param sharedBytes of dynamic shared memory for each block, allowed before
     */
    public int blocksAtOnce(int threads, int sharedBytes) {
        var each = new int[1];
        gpu.check(
                JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(each, handle(), threads, sharedBytes),
                "asking for the occupancy of " + name);
        return Math.multiplyExact(each[0], gpu.info().multiprocessors());
    }

    Gpu gpu() {
        return gpu;
    }

    CUfunction handle() {
        module.use();
        return function;
    }
}
