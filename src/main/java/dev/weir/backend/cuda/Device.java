package dev.weir.backend.cuda;

import dev.weir.backend.CudaOptions;
import dev.weir.backend.cuda.MemoryNeed.Part;
import dev.weir.backend.cuda.driver.Cublas;
import dev.weir.backend.cuda.driver.DeviceMemory;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.OutOfDeviceMemory;
import dev.weir.backend.cuda.driver.Stream;
import dev.weir.program.Plan;
import java.util.List;
import java.util.Optional;

/**
 * An open GPU and what all its users share. Whoever gives it work holds its lock.
 *
 * <p>All workspaces compute on one stream: a step is bound by memory or arithmetic that two steps at once would only share, and one
 * order of work makes cuBLAS's workspace and every failure somebody's. Copies to the host have a stream of their own, so that they run
 * beside the next step.
 */
final class Device implements AutoCloseable {

    private final Gpu gpu;
    private final CudaOptions options;
    private final Stream compute;
    private final Stream copies;
    private final KernelLibrary kernels;
    private final Optional<Cublas> cublas;
    private final Upload upload;
    private boolean closed;

    Device(Gpu gpu, CudaOptions options) {
        this.gpu = gpu;
        this.options = options;
        compute = gpu.stream();
        copies = gpu.stream();
        kernels = new KernelLibrary(gpu);
        cublas = options.exact() ? Optional.empty() : gpu.cublas();
        upload = new Upload(gpu, compute);
    }

    Gpu gpu() {
        return gpu;
    }

    CudaOptions options() {
        return options;
    }

    Stream compute() {
        return compute;
    }

    Stream copies() {
        return copies;
    }

    KernelLibrary kernels() {
        return kernels;
    }

    /** Empty where it cannot be loaded, and where every op is to have one order. */
    Optional<Cublas> cublas() {
        return cublas;
    }

    Upload upload() {
        return upload;
    }

    Algorithms algorithms() {
        return new Algorithms(options.exact(), cublas.isPresent(), gpu.info().multiprocessors());
    }

    /** Whether a step of a plan is to be one launch, where it can. */
    boolean isPersistent(Plan plan) {
        return options.persistent()
                && !options.sync()
                && plan.inputs().rows() <= Algorithms.FEW_ROWS
                && plan.inputs().outputs().rows() <= Algorithms.FEW_ROWS;
    }

    /**
     * What a request needs, before anything of it is taken.
     *
     * @throws GpuMemoryException if it does not fit
     */
    MemoryNeed foresee(String request, List<Part> parts) {
        var need = new MemoryNeed(request, parts, gpu.freeBytes(), gpu.info().totalBytes());
        if (!need.fits()) {
            throw new GpuMemoryException(need, null);
        }
        return need;
    }

    /**
     * Takes memory for a part of what was foreseen.
     *
     * @throws GpuMemoryException if it is not there after all
     */
    DeviceMemory take(MemoryNeed need, String purpose, long bytes) {
        try {
            return gpu.allocate(bytes, purpose);
        } catch (OutOfDeviceMemory e) {
            throw new GpuMemoryException(need, e);
        }
    }

    /** Waits until nobody's memory is in use. */
    void finish() {
        compute.synchronize();
        copies.synchronize();
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this machine is closed");
        }
    }

    /** Gives back everything that anybody has on the GPU. */
    @Override
    public void close() {
        closed = true;
        gpu.close();
    }
}
