package dev.weir.backend.cuda.driver;

import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.JCudaDriver;

/** A kernel. */
public final class KernelFunction {

    private final Gpu gpu;
    private final String name;
    private final CUfunction function;
    private final Holding module;
    private int allowedShared;

    KernelFunction(Gpu gpu, String name, CUfunction function, Holding module) {
        this.gpu = gpu;
        this.name = name;
        this.function = function;
        this.module = module;
    }

    public String name() {
        return name;
    }

    /**
     * Lets launches, those that were made before included, have more dynamic shared memory than the 48 KiB that every kernel may have.
     *
     * @param bytes for each block, up to {@link GpuInfo#maxSharedBytes}
     */
    public synchronized void allowShared(int bytes) {
        if (bytes < 0 || bytes > gpu.info().maxSharedBytes()) {
            throw new IllegalArgumentException("shared memory of " + name + ": expected 0 to "
                    + gpu.info().maxSharedBytes() + " bytes, which is what the GPU has, got " + bytes);
        }
        if (bytes > allowedShared) {
            gpu.check(
                    JCudaDriver.cuFuncSetAttribute(
                            handle(), CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
                    "allowing " + name + " " + bytes + " bytes of shared memory");
            allowedShared = bytes;
        }
    }

    Gpu gpu() {
        return gpu;
    }

    CUfunction handle() {
        module.use();
        return function;
    }
}
