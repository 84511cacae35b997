package dev.weir.backend.cuda.driver;

import java.io.Serializable;
import java.util.Locale;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.cublasStatus;
import org.jspecify.annotations.Nullable;

/**
 * What CUDA answered to a call.
 *
 * @param code the number, 0 where no call was made, as for a driver that is not there
 * @param name as in {@code CUDA_ERROR_OUT_OF_MEMORY}
 * @param message in words
 */
public record ErrorCode(int code, String name, String message) implements Serializable {

    static final int OUT_OF_MEMORY = 2;
    static final int STUB_LIBRARY = 34;
    static final int NO_DEVICE = 100;
    static final int NO_BINARY_FOR_GPU = 209;
    static final int UNSUPPORTED_PTX = 222;
    static final int NOT_READY = 600;
    static final int COOPERATIVE_LAUNCH_TOO_LARGE = 720;

    /** What the driver says about one of its codes. */
    static ErrorCode ofDriver(int code) {
        var name = new @Nullable String[1];
        var message = new @Nullable String[1];
        JCudaDriver.cuGetErrorName(code, name);
        JCudaDriver.cuGetErrorString(code, message);
        return new ErrorCode(
                code,
                name[0] == null ? "CUDA_ERROR_" + code : name[0],
                message[0] == null ? "the driver has no words for this error" : message[0]);
    }

    /** A status of cuBLAS, which has names and no words of its own. */
    static ErrorCode ofCublas(int status) {
        String name = cublasStatus.stringFor(status);
        String words = name.replace("CUBLAS_STATUS_", "").replace('_', ' ').toLowerCase(Locale.ROOT);
        return new ErrorCode(status, name, "cuBLAS says: " + words);
    }

    /** No call was made. */
    static ErrorCode none(String message) {
        return new ErrorCode(0, "", message);
    }

    /** Whether nothing more can be done with the context that gave the answer: the driver will give it again to every call. */
    boolean isSticky() {
        return switch (code) {
            case 4, // deinitialized
                    46, // device unavailable
                    214, // ecc uncorrectable
                    220, // nvlink uncorrectable
                    226, // contained
                    700, // illegal address
                    702, // launch timeout
                    709, // context is destroyed
                    710, // assert
                    714, // hardware stack error
                    715, // illegal instruction
                    716, // misaligned address
                    717, // invalid address space
                    718, // invalid program counter
                    719, // launch failed
                    999 -> // unknown
                true;
            default -> false;
        };
    }

    /** Whether it is a kernel that failed, while it ran. */
    boolean isOfAKernel() {
        return isSticky() && code >= 700 && code < 800;
    }

    @Override
    public String toString() {
        return code == 0 ? message : message + " (" + name + ", " + code + ")";
    }
}
