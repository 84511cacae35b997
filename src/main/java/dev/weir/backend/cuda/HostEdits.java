package dev.weir.backend.cuda;

import dev.weir.hook.Rows;
import dev.weir.program.Plan;
import dev.weir.program.Step;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Gives a copy of a value to Java, and what Java leaves to the plan. */
final class HostEdits implements AutoCloseable {

    private final Device device;
    private final PinnedBuffer buffer;

    HostEdits(Device device) {
        this.device = device;
        buffer = new PinnedBuffer(device.gpu());
    }

    /** Makes room for the largest value that a plan edits. */
    void reserve(Plan plan) {
        long bytes = plan.steps().stream()
                .filter(Step.Host.class::isInstance)
                .mapToLong(step -> ((Step.Host) step).x().bytes())
                .max()
                .orElse(0);
        if (bytes > 0) {
            buffer.reserve(bytes);
        }
    }

    /** Waits for the value; what the function throws reaches the caller, and nothing has been changed then. */
    void apply(Stretch.OnHost stretch, Rows rows) {
        Tensor x = stretch.step().x();
        MemorySegment pinned = buffer.part(0, x.bytes());
        device.compute().copyOut(pinned, stretch.x());
        device.compute().synchronize();
        float[] values = pinned.toArray(ValueLayout.JAVA_FLOAT);
        stretch.step().function().apply(stretch.step().point(), rows, values, x.columns());
        MemorySegment.copy(values, 0, pinned, ValueLayout.JAVA_FLOAT, 0, values.length);
        device.compute().copyIn(stretch.out(), pinned);
        buffer.leaveTo(device.compute());
    }

    @Override
    public void close() {
        buffer.close();
    }
}
