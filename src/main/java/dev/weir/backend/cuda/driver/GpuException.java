package dev.weir.backend.cuda.driver;

import org.jspecify.annotations.Nullable;

/** Something that CUDA refused or could not do: what was being done, and the driver's code, name and message for it. */
public abstract sealed class GpuException extends RuntimeException
        permits CudaUnavailable, OutOfDeviceMemory, LaunchFailed, DeviceLost, CallFailed {

    private static final long serialVersionUID = 1;

    private final String doing;
    private final ErrorCode error;

    GpuException(String doing, ErrorCode error, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.doing = doing;
        this.error = error;
    }

    /** What was being done, as in {@code copying 4096 bytes to the device}. */
    public final String doing() {
        return doing;
    }

    /** What the driver, or cuBLAS, answered. */
    public final ErrorCode error() {
        return error;
    }
}
