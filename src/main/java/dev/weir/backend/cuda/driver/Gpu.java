package dev.weir.backend.cuda.driver;

import dev.weir.backend.natives.NativeFolder;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * A GPU: its primary context, retained until it is closed. Several may be open, also several times the same.
 *
 * <p>What is made here may be used from any thread; every call makes the GPU current on the calling thread by itself. A failure that
 * the driver will not get over marks the GPU lost: from then on every call fails at once with {@link DeviceLost}, whose cause is the
 * first failure. Closing never throws.
 */
public final class Gpu implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Gpu.class.getName());

    private static final String AN_EARLIER_KERNEL =
            "; a kernel that was launched before has failed, and waiting after every launch (sync) says which";

    /** What the kernels are compiled for: PTX 8.0 for compute_80. */
    private static final int LEAST_CAPABILITY = 80;

    private static final int LEAST_DRIVER = 12000;

    /**
     * What this thread has last made current, and not its context: when a GPU is opened anew, the driver may give the address of a
     * context that is gone to another. Virtual threads change their carrier, so for them it says nothing.
     */
    private static final ThreadLocal<@Nullable Gpu> CURRENT = new ThreadLocal<>();

    private final GpuInfo info;
    private final CUdevice device;
    private final CUcontext context;
    private final Set<Holding> holdings = new LinkedHashSet<>();
    private volatile @Nullable String cublasRefusal;
    private volatile @Nullable GpuException death;
    private volatile boolean closed;

    private Gpu(GpuInfo info, CUdevice device, CUcontext context) {
        this.info = info;
        this.device = device;
        this.context = context;
    }

    /**
     * What GPUs there are; never empty.
     *
     * @throws CudaUnavailable if there is no driver or no GPU
     */
    public static List<GpuInfo> list() {
        return IntStream.range(0, Driver.load().devices())
                .mapToObj(Driver::describe)
                .toList();
    }

    /** Where native libraries are unpacked, if it can be written to. */
    public static Path nativesFolder() {
        return NativeFolder.ofUser().root();
    }

    /**
     * Opens a GPU by its number.
     *
     * @throws CudaUnavailable if there is no driver or no GPU, or one that is too old
     * @throws IllegalArgumentException if there is no GPU of that number
     */
    public static Gpu open(int index) {
        int devices = Driver.load().devices();
        if (index < 0 || index >= devices) {
            throw new IllegalArgumentException("GPU " + index + ": expected "
                    + (devices == 1 ? "0" : "0 to " + (devices - 1)) + ", for the driver shows " + devices);
        }
        var device = Driver.device(index);
        GpuInfo info = Driver.describe(index);
        requireNewEnough(info);
        var context = new CUcontext();
        Driver.check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "opening GPU " + index);
        return new Gpu(info, device, context);
    }

    /** @throws CudaUnavailable if the GPU, or its driver, cannot run what Weir's kernels are compiled to */
    static void requireNewEnough(GpuInfo info) {
        int capability = info.computeCapability();
        if (capability < LEAST_CAPABILITY) {
            throw new CudaUnavailable(
                    "GPU " + info.index() + ", " + info.name() + ": expected compute capability 8.0 or newer, got "
                            + capability / 10 + "." + capability % 10,
                    ErrorCode.ofDriver(ErrorCode.NO_BINARY_FOR_GPU));
        }
        int version = info.driverVersion();
        if (version < LEAST_DRIVER) {
            throw new CudaUnavailable(
                    "the CUDA driver: expected one that speaks CUDA 12.0 or newer, which NVIDIA's do from 525 on, got "
                            + version / 1000 + "." + version % 1000 / 10,
                    ErrorCode.ofDriver(ErrorCode.UNSUPPORTED_PTX));
        }
    }

    public GpuInfo info() {
        return info;
    }

    /** How many bytes of device memory nobody has now. */
    public long freeBytes() {
        use();
        var free = new long[1];
        check(JCudaDriver.cuMemGetInfo(free, new long[1]), "asking for the free memory");
        return free[0];
    }

    /** Whether a failure has made the GPU unusable until it is opened anew. */
    public boolean isLost() {
        return death != null;
    }

    /**
     * Makes the GPU current on this thread. Weir's own calls do that by themselves; it is for a thread on which other code uses
     * CUDA too, after that code.
     */
    public void bind() {
        check(JCudaDriver.cuCtxSetCurrent(context), "making GPU " + info.index() + " current");
        CURRENT.set(this);
    }

    /**
     * Device memory with whatever is in it.
     *
     * @param purpose named when there is not enough
     * @throws OutOfDeviceMemory if there is not enough
     */
    public DeviceMemory allocate(long bytes, String purpose) {
        requirePositive(bytes, purpose);
        use();
        var address = new DeviceAddress();
        check(
                JCudaDriver.cuMemAlloc(address, bytes),
                "allocating " + bytes + " bytes on GPU " + info.index() + " for " + purpose,
                bytes);
        return new DeviceMemory(this, address, bytes, purpose);
    }

    /**
     * Memory of the host that the device reaches by itself, so that copies are asynchronous, with whatever is in it.
     *
     * @throws OutOfDeviceMemory if the host has not as much to lock
     */
    public PinnedMemory pin(long bytes) {
        requirePositive(bytes, "pinned memory");
        use();
        var address = new HostAddress();
        check(
                JCudaDriver.cuMemHostAlloc(address, bytes, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE),
                "pinning " + bytes + " bytes of the host's memory",
                bytes);
        return new PinnedMemory(this, address, bytes);
    }

    /** A stream that does not wait for the default stream. */
    public Stream stream() {
        use();
        return new Stream(this);
    }

    public Event event() {
        use();
        return new Event(this);
    }

    /**
     * Loads kernels.
     *
     * @param name named in errors
     * @param images cubins, which fit one architecture each, then PTX, which the driver compiles; the first that the device takes is used
     * @throws CallFailed if it takes none
     */
    public KernelModule module(String name, List<byte[]> images) {
        use();
        return KernelModule.load(this, name, images);
    }

    /** A handle to cuBLAS, to be closed by the caller; empty where cuBLAS cannot be used, and {@link #cublasStatus} says why. */
    public Optional<Cublas> cublas() {
        use();
        if (!CublasLibrary.find().isUsable()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Cublas(this));
        } catch (CallFailed e) {
            cublasRefusal = "cuBLAS is not used on GPU " + info.index() + ": " + e.getMessage();
            return Optional.empty();
        }
    }

    /** One line: which cuBLAS is in use and why, or why none is and how to get it. */
    public String cublasStatus() {
        String refusal = cublasRefusal;
        return refusal != null ? refusal : CublasLibrary.find().status();
    }

    /** Waits for everything that the GPU was given to do, by whomever. */
    public void synchronize() {
        use();
        check(JCudaDriver.cuCtxSynchronize(), "waiting for GPU " + info.index());
    }

    /** Gives back everything that is still open, newest first, and the context. Never throws; what went wrong is logged. */
    @Override
    public void close() {
        List<Holding> open;
        synchronized (holdings) {
            if (closed) {
                return;
            }
            closed = true;
            open = new ArrayList<>(holdings);
        }
        Collections.reverse(open);
        open.forEach(Holding::close);
        closing("releasing GPU " + info.index(), () -> JCudaDriver.cuDevicePrimaryCtxRelease(device));
        leaveThread();
    }

    private static void leaveThread() {
        JCudaDriver.cuCtxSetCurrent(new CUcontext());
        CURRENT.remove();
    }

    /** Makes the GPU current on this thread, cheaply where it is. */
    void use() {
        GpuException first = death;
        if (first != null) {
            throw new DeviceLost(
                    "using GPU " + info.index(),
                    first.error(),
                    "GPU " + info.index() + " was lost before and must be opened anew; the first failure: "
                            + first.getMessage(),
                    first);
        }
        if (closed) {
            throw new IllegalStateException("GPU " + info.index() + ": expected an open one, got one that was closed");
        }
        if (!equals(CURRENT.get()) || Thread.currentThread().isVirtual()) {
            bind();
        }
    }

    Holding hold(String what, IntSupplier giveBack) {
        var holding = new Holding(this, what, giveBack);
        boolean late;
        synchronized (holdings) {
            late = closed || !holdings.add(holding);
        }
        if (late) {
            holding.close();
            holding.use();
        }
        return holding;
    }

    void release(Holding holding) {
        synchronized (holdings) {
            holdings.remove(holding);
        }
    }

    /** Makes a call that gives something back. */
    void closing(String doing, IntSupplier call) {
        int bound = JCudaDriver.cuCtxSetCurrent(context);
        int code = call.getAsInt();
        CURRENT.set(bound == 0 ? this : null);
        if (code != 0) {
            var error = ErrorCode.ofDriver(code);
            LOG.log(isLost() ? Level.DEBUG : Level.WARNING, () -> doing + ": " + error);
            if (error.isSticky()) {
                died(new DeviceLost(doing, error, doing + ": " + error, null));
            }
        }
    }

    /** @throws GpuException if the driver answered with anything but success */
    void check(int code, String doing) {
        check(code, doing, 0);
    }

    private void check(int code, String doing, long bytes) {
        if (code != 0) {
            throw failure(code, doing, bytes);
        }
    }

    /** What to throw for a code; marks the GPU lost where the code says so. */
    GpuException failure(int code, String doing) {
        return failure(code, doing, 0);
    }

    private GpuException failure(int code, String doing, long bytes) {
        var error = ErrorCode.ofDriver(code);
        if (error.isSticky()) {
            String hint = error.isOfAKernel() ? AN_EARLIER_KERNEL : "";
            return died(new DeviceLost(doing, error, doing + ": " + error + hint, null));
        }
        return code == ErrorCode.OUT_OF_MEMORY
                ? new OutOfDeviceMemory(doing, error, bytes, knownFreeBytes())
                : new CallFailed(doing, error, "");
    }

    /** What to throw for a kernel that could not be launched, or that failed. */
    GpuException launchFailure(int code, String op, String kernel, String doing) {
        var error = ErrorCode.ofDriver(code);
        var failure = new LaunchFailed(op, kernel, doing, error);
        return error.isSticky() ? died(failure) : failure;
    }

    private GpuException died(GpuException failure) {
        synchronized (holdings) {
            if (death == null) {
                death = failure;
            }
        }
        return failure;
    }

    private long knownFreeBytes() {
        var free = new long[1];
        return JCudaDriver.cuMemGetInfo(free, new long[1]) == 0 ? free[0] : 0;
    }

    private static void requirePositive(long bytes, String purpose) {
        if (bytes <= 0) {
            throw new IllegalArgumentException(purpose + ": expected a positive number of bytes, got " + bytes);
        }
    }
}
