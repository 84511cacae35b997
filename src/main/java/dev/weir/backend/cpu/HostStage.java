package dev.weir.backend.cpu;

import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Gives a copy of a value to Java, and what Java leaves to the plan. */
record HostStage(
        StepRows step, HookPoint point, Edit.HostFunction function, Window x, int valueRows, int columns, Window out)
        implements Stage {

    @Override
    public void run() {
        var values = new float[Math.multiplyExact(valueRows, columns)];
        MemorySegment.copy(x.data(), ValueLayout.JAVA_FLOAT, x.offset(), values, 0, values.length);
        function.apply(point, step.rows(), values, columns);
        MemorySegment.copy(values, 0, out.data(), ValueLayout.JAVA_FLOAT, out.offset(), values.length);
    }
}
