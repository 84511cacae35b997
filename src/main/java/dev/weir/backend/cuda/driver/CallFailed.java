package dev.weir.backend.cuda.driver;

/** The driver or cuBLAS refused a call; the device is well. */
public final class CallFailed extends GpuException {

    private static final long serialVersionUID = 1;

    CallFailed(String doing, ErrorCode error, String hint) {
        super(doing, error, doing + ": " + error + hint, null);
    }
}
