package dev.weir.backend.cuda.driver;

/**
 * A GPU as the driver describes it.
 *
 * @param index what it is opened by, from 0
 * @param name as in {@code NVIDIA H100 80GB HBM3}
 * @param totalBytes of device memory
 * @param computeCapability ten times the major number plus the minor: 80, 90
 * @param multiprocessors how many
 * @param driverVersion the newest CUDA that the driver speaks: 12060 is 12.6
 * @param maxSharedBytes of shared memory that one block can have after {@link KernelFunction#allowShared}
 * @param cooperativeLaunches whether a kernel can be launched whose blocks all live at once, see {@link Launch#cooperative}
 */
public record GpuInfo(
        int index,
        String name,
        long totalBytes,
        int computeCapability,
        int multiprocessors,
        int driverVersion,
        int maxSharedBytes,
        boolean cooperativeLaunches) {}
