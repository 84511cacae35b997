package dev.weir.backend.cuda.driver;

import org.jspecify.annotations.Nullable;

/** There is no driver, no GPU, or no way to them; one line says what was looked for and what to do. */
public final class CudaUnavailable extends GpuException {

    private static final long serialVersionUID = 1;

    private static final String DOING = "looking for CUDA";

    /** The driver is there and refuses. */
    CudaUnavailable(String message, ErrorCode error) {
        super(DOING, error, message + ": " + error, null);
    }

    /** The driver was not asked. */
    CudaUnavailable(String message, @Nullable Throwable cause) {
        super(DOING, ErrorCode.none(message), message, cause);
    }

    CudaUnavailable(String message) {
        this(message, (Throwable) null);
    }

    /** Whether something is there that does not work; otherwise there is just nothing. */
    public boolean isBroken() {
        return error().code() != 0 || getCause() != null;
    }
}
