package dev.weir.backend.cuda;

import dev.weir.backend.Backend;
import dev.weir.backend.CudaOptions;
import dev.weir.backend.WeightView;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.GpuInfo;
import dev.weir.backend.cuda.driver.JCuda;
import dev.weir.tensor.Tensor;
import java.util.Locale;
import java.util.Map;

/**
 * An NVIDIA GPU as a machine. In exact mode a value has the same bits as on the CPU; else it is as close to them as {@code
 * docs/numerics.md} says, and the same from run to run.
 */
public final class CudaBackend implements Backend {

    private static final System.Logger LOG = System.getLogger(CudaBackend.class.getName());
    private static final double GIB = 1L << 30;

    private final Device device;
    private final String description;

    /**
     * Opens a GPU.
     *
     * @param index which, from 0
     * @throws dev.weir.backend.cuda.driver.CudaUnavailable if there is no driver or no GPU
     * @throws IllegalArgumentException if there is no GPU of that number
     */
    public CudaBackend(int index, CudaOptions options) {
        JCuda.require();
        Gpu gpu = Gpu.open(index);
        try {
            device = new Device(gpu, options);
        } catch (RuntimeException | Error e) {
            gpu.close();
            throw e;
        }
        description = describe(gpu, options);
        LOG.log(System.Logger.Level.DEBUG, description);
    }

    private static String describe(Gpu gpu, CudaOptions options) {
        GpuInfo info = gpu.info();
        String matmuls = options.exact() ? "exact: matmuls by Weir's kernels" : "fast: " + gpu.cublasStatus();
        return String.format(Locale.ROOT, "%s, %.1f GiB, %s", info.name(), info.totalBytes() / GIB, matmuls);
    }

    /** Which GPU, from 0. */
    public int index() {
        return device.gpu().info().index();
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int runsKept() {
        return ReadbackRing.KEPT;
    }

    @Override
    public LoadedWeights load(Map<Tensor, WeightView> weights) {
        synchronized (device) {
            device.requireOpen();
            return new CudaWeights(device, weights);
        }
    }

    /** Gives back everything on the GPU, that of weights and workspaces which are still open included. */
    @Override
    public void close() {
        synchronized (device) {
            device.close();
        }
    }
}
