package dev.weir.backend.cuda.driver;

/** The device, or the host for pinned memory, has not as much memory as was asked for. Nothing was allocated and the device is well. */
public final class OutOfDeviceMemory extends GpuException {

    private static final long serialVersionUID = 1;

    private final long bytes;
    private final long freeBytes;

    OutOfDeviceMemory(String doing, ErrorCode error, long bytes, long freeBytes) {
        super(doing, error, doing + ": " + error + "; the device has " + freeBytes + " bytes free", null);
        this.bytes = bytes;
        this.freeBytes = freeBytes;
    }

    /** How many bytes were asked for; 0 where the driver wanted memory for itself, as for a graph. */
    public long bytes() {
        return bytes;
    }

    /** How many bytes the device had. */
    public long freeBytes() {
        return freeBytes;
    }
}
