package dev.weir.backend.cuda.driver;

import org.jspecify.annotations.Nullable;

/** There is no driver, no GPU, or no way to them; one line says what was looked for and what to do. */
public final class CudaUnavailable extends GpuException {

    private static final long serialVersionUID = 1;

    CudaUnavailable(String message, ErrorCode error, @Nullable Throwable cause) {
        super("looking for CUDA", error, message, cause);
    }

    CudaUnavailable(String message) {
        this(message, ErrorCode.none(message), null);
    }
}
