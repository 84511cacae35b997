package dev.weir.backend.cuda.driver;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/** A point in a stream that can be waited for and whose time is taken. */
public final class Event implements AutoCloseable {

    private final Gpu gpu;
    private final CUevent event = new CUevent();
    private final Holding holding;

    Event(Gpu gpu) {
        this.gpu = gpu;
        gpu.check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT), "making an event");
        this.holding = gpu.hold("an event", () -> JCudaDriver.cuEventDestroy(event));
    }

    /** Waits until the stream has come to where the event was recorded last; at once where it never was. */
    public void synchronize() {
        gpu.check(JCudaDriver.cuEventSynchronize(handle()), "waiting for an event");
    }

    /** Whether {@link #synchronize} would not wait. */
    public boolean isDone() {
        int code = JCudaDriver.cuEventQuery(handle());
        if (code != ErrorCode.NOT_READY) {
            gpu.check(code, "asking for an event");
        }
        return code == 0;
    }

    /** The time between two events that are done, in milliseconds, to about half a microsecond. */
    public float millisSince(Event earlier) {
        var millis = new float[1];
        gpu.check(
                JCudaDriver.cuEventElapsedTime(millis, earlier.handle(), handle()),
                "taking the time between two events");
        return millis[0];
    }

    @Override
    public void close() {
        holding.close();
    }

    CUevent handle() {
        holding.use();
        return event;
    }
}
