package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.DeviceMemory;
import dev.weir.backend.cuda.driver.Event;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.Stream;

/** How fast a GPU moves its memory: the limit of all that is bound by it. */
public final class CopyBandwidth {

    private static final long LARGEST_BYTES = 256L << 20;
    private static final int COPIES = 8;

    private CopyBandwidth() {}

    /** What copies within a GPU read and write, in 10^9 bytes per second by its own clock. */
    public static double gigabytes(int gpuIndex) {
        try (Gpu gpu = Gpu.open(gpuIndex)) {
            long bytes = Math.min(LARGEST_BYTES, gpu.freeBytes() / 4);
            try (DeviceMemory from = gpu.allocate(bytes, "measuring copies");
                    DeviceMemory to = gpu.allocate(bytes, "measuring copies");
                    Stream stream = gpu.stream();
                    Event begin = gpu.event();
                    Event end = gpu.event()) {
                stream.fill(from.address(), (byte) 0, bytes);
                stream.copy(to.address(), from.address(), bytes);
                stream.record(begin);
                for (int copy = 0; copy < COPIES; copy++) {
                    stream.copy(to.address(), from.address(), bytes);
                }
                stream.record(end);
                end.synchronize();
                return 2.0 * COPIES * bytes / (end.millisSince(begin) * 1e6);
            }
        }
    }
}
