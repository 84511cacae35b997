package dev.weir.backend.cuda.driver;

import dev.weir.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;

/**
 * A handle to cuBLAS, for one stream at a time, because its work shares one workspace.
 *
 * <p>The workspace is ours and stays where it is, so that products can be captured in graphs and come out the same from run to run.
 */
public final class Cublas implements AutoCloseable {

    /** What cuBLAS recommends for Hopper; older architectures want 4 MiB. */
    private static final long WORKSPACE_BYTES = 32L << 20;

    /** Tensor cores for 16-bit factors, float32 for every sum; TF32 is asked for product by product. */
    private static final int ARITHMETIC =
            cublasMath.CUBLAS_DEFAULT_MATH | cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;

    private final Gpu gpu;
    private final cublasHandle handle = new cublasHandle();
    private final Holding holding;
    private final DeviceMemory workspace;
    private final Pointer one = scalar(1);
    private final Pointer zero = scalar(0);
    private @Nullable Stream current;

    Cublas(Gpu gpu) {
        this.gpu = gpu;
        check(JCublas2.cublasCreate(handle), "opening cuBLAS");
        this.holding = gpu.hold("cuBLAS", () -> {
            JCublas2.cublasDestroy(handle);
            return 0;
        });
        try {
            check(JCublas2.cublasSetMathMode(handle, ARITHMETIC), "setting cuBLAS's arithmetic");
            this.workspace = gpu.allocate(WORKSPACE_BYTES, "the workspace of cuBLAS");
        } catch (GpuException e) {
            holding.close();
            throw e;
        }
    }

    private static Pointer scalar(float value) {
        return Pointer.to(ByteBuffer.allocateDirect(Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .putFloat(0, value));
    }

    /**
     * out = x W, summed in float32, on the stream; nothing in it waits for the host.
     *
     * @param type of x and the weights: FLOAT32, BFLOAT16 or FLOAT16
     * @param tf32 whether FLOAT32 factors may be rounded to TF32
     * @param rows of x and out
     * @param depth columns of x
     * @param columns of out
     * @param x address of [rows, depth], xStride elements from row to row
     * @param weights address of [columns, depth], out-major, stride elements from row to row
     * @param out address of float32 [rows, columns], without padding
     */
    public synchronized void multiply(
            Stream stream,
            DType type,
            boolean tf32,
            int rows,
            int depth,
            int columns,
            long x,
            int xStride,
            long weights,
            int stride,
            long out) {
        holding.use();
        runOn(stream);
        int data = dataType(type);
        // cuBLAS counts columns first, so it is asked for out^T = W^T x^T. The plain cublasGemmEx of JCublas2 is for
        // the compute types of
        // CUDA 10 and does nothing with those of today.
        int status = JCublas2.cublasGemmEx_new(
                handle,
                cublasOperation.CUBLAS_OP_T,
                cublasOperation.CUBLAS_OP_N,
                columns,
                rows,
                depth,
                one,
                new DeviceAddress(weights),
                data,
                stride,
                new DeviceAddress(x),
                data,
                xStride,
                zero,
                new DeviceAddress(out),
                cudaDataType.CUDA_R_32F,
                columns,
                tf32 ? cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32 : cublasComputeType.CUBLAS_COMPUTE_32F,
                cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
        if (status != 0) {
            stream.requireHealth();
        }
        check(status, "cuBLAS: " + type.label() + " [" + rows + ", " + depth + "] x [" + depth + ", " + columns + "]");
    }

    /** A handle forgets its workspace with every change of its stream. */
    private void runOn(Stream stream) {
        if (stream != current) {
            check(JCublas2.cublasSetStream(handle, new cudaStream_t(stream.handle())), "giving cuBLAS a stream");
            check(
                    JCublas2.cublasSetWorkspace(handle, new DeviceAddress(workspace.address()), workspace.bytes()),
                    "giving cuBLAS a workspace");
            current = stream;
        }
    }

    private static int dataType(DType type) {
        return switch (type) {
            case FLOAT32 -> cudaDataType.CUDA_R_32F;
            case FLOAT16 -> cudaDataType.CUDA_R_16F;
            case BFLOAT16 -> cudaDataType.CUDA_R_16BF;
            case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL ->
                throw new IllegalArgumentException("a product: expected FLOAT32, FLOAT16 or BFLOAT16, got " + type);
        };
    }

    private void check(int status, String doing) {
        if (status == cublasStatus.CUBLAS_STATUS_ALLOC_FAILED) {
            throw new OutOfDeviceMemory(doing, ErrorCode.ofCublas(status), 0, gpu.freeBytes());
        }
        if (status != 0) {
            throw new CallFailed(doing, ErrorCode.ofCublas(status), "");
        }
    }

    @Override
    public void close() {
        holding.close();
        workspace.close();
    }
}
