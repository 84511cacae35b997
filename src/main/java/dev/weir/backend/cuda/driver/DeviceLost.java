package dev.weir.backend.cuda.driver;

import org.jspecify.annotations.Nullable;

/** An earlier failure has made the device's context unusable: whoever needs it must close it and open it again, or start anew. */
public final class DeviceLost extends GpuException {

    private static final long serialVersionUID = 1;

    DeviceLost(String doing, ErrorCode error, String message, @Nullable GpuException cause) {
        super(doing, error, message, cause);
    }
}
