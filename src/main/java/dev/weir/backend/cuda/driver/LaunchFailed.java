package dev.weir.backend.cuda.driver;

/** A kernel could not be launched, or failed while it ran. */
public final class LaunchFailed extends GpuException {

    private static final long serialVersionUID = 1;

    private final String op;
    private final String kernel;

    LaunchFailed(String op, String kernel, String doing, ErrorCode error) {
        super(doing, error, doing + ": " + error, null);
        this.op = op;
        this.kernel = kernel;
    }

    /** Whether it was refused because its blocks cannot all live at once; the GPU is well, and a smaller launch may go. */
    public boolean isTooLarge() {
        return error().code() == ErrorCode.COOPERATIVE_LAUNCH_TOO_LARGE;
    }

    /** The op that the kernel was launched for. */
    public String op() {
        return op;
    }

    /** The name of the kernel; {@link #doing()} has its grid and its block. */
    public String kernel() {
        return kernel;
    }
}
