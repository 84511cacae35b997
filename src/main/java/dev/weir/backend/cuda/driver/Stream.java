package dev.weir.backend.cuda.driver;

import java.lang.foreign.MemorySegment;
import jcuda.driver.CUgraph;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * Work for the device, one after the other. Everything here only begins the work, but for {@link #synchronize}; failures of the work
 * itself show up in whatever call waits for it.
 */
public final class Stream implements AutoCloseable {

    private final Gpu gpu;
    private final CUstream stream = new CUstream();
    private final Holding holding;

    Stream(Gpu gpu) {
        this.gpu = gpu;
        gpu.check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "making a stream");
        this.holding = gpu.hold("a stream", () -> JCudaDriver.cuStreamDestroy(stream));
    }

    /**
     * Copies all of a segment to the device. A pinned segment must stay as it is until the copy is done; any other is read before this
     * returns, which takes as long.
     */
    public void copyIn(long device, MemorySegment host) {
        long bytes = host.byteSize();
        if (bytes > 0) {
            gpu.check(
                    JCudaDriver.cuMemcpyHtoDAsync(new DeviceAddress(device), HostAddress.of(host), bytes, handle()),
                    "copying to the device");
        }
    }

    /** Copies from the device until a segment is full. Where the segment is not pinned, the copy is done when this returns. */
    public void copyOut(MemorySegment host, long device) {
        long bytes = host.byteSize();
        if (bytes > 0) {
            gpu.check(
                    JCudaDriver.cuMemcpyDtoHAsync(HostAddress.of(host), new DeviceAddress(device), bytes, handle()),
                    "copying from the device");
        }
    }

    /** Copies within the device; the two must not overlap. */
    public void copy(long to, long from, long bytes) {
        if (bytes > 0) {
            gpu.check(
                    JCudaDriver.cuMemcpyDtoDAsync(new DeviceAddress(to), new DeviceAddress(from), bytes, handle()),
                    "copying within the device");
        }
    }

    /** Sets every byte to a value. */
    public void fill(long device, byte value, long bytes) {
        if (bytes > 0) {
            gpu.check(
                    JCudaDriver.cuMemsetD8Async(new DeviceAddress(device), value, bytes, handle()),
                    "filling device memory");
        }
    }

    /** Puts the event behind what the stream already has. */
    public void record(Event event) {
        gpu.check(JCudaDriver.cuEventRecord(event.handle(), handle()), "recording an event");
    }

    /** Lets what comes next in this stream wait, on the device, for an event of any stream. */
    public void await(Event event) {
        gpu.check(JCudaDriver.cuStreamWaitEvent(handle(), event.handle(), 0), "letting a stream wait for an event");
    }

    /** Waits until the device has done what the stream has. */
    public void synchronize() {
        gpu.check(JCudaDriver.cuStreamSynchronize(handle()), "waiting for a stream");
    }

    /** From now on the stream's work is written down and not done; other threads may go on using the GPU. */
    public void beginCapture() {
        gpu.check(
                JCudaDriver.cuStreamBeginCapture(handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "beginning to capture a stream");
    }

    /** What was written down since {@link #beginCapture}; on the same thread. After a failure the stream captures no longer. */
    public Graph endCapture() {
        var captured = new CUgraph();
        gpu.check(JCudaDriver.cuStreamEndCapture(handle(), captured), "capturing a stream");
        return new Graph(gpu, captured);
    }

    /** Ends a capture whose work failed, and forgets it; nothing where none was begun. On the same thread. Never throws. */
    public void abandonCapture() {
        if (holding.isOpen()) {
            gpu.closing("abandoning a capture", this::endAndForget);
        }
    }

    private int endAndForget() {
        var captured = new CUgraph();
        return JCudaDriver.cuStreamEndCapture(stream, captured) == 0 ? JCudaDriver.cuGraphDestroy(captured) : 0;
    }

    /** What the stream still has is done all the same. */
    @Override
    public void close() {
        holding.close();
    }

    /** Where cuBLAS fails because the GPU is lost, the driver knows why. */
    void requireHealth() {
        int code = JCudaDriver.cuStreamQuery(handle());
        if (ErrorCode.ofDriver(code).isSticky()) {
            gpu.check(code, "asking for a stream");
        }
    }

    Gpu gpu() {
        return gpu;
    }

    CUstream handle() {
        holding.use();
        return stream;
    }
}
