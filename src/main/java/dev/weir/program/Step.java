package dev.weir.program;

import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.tensor.Tensor;
import java.util.List;

/** One stretch of a run. A machine may capture a Device stretch whole; a Host stretch is where it must stop. */
public sealed interface Step {

    /** Ops that run one after another on the machine. */
    record Device(List<Op> ops) implements Step {
        public Device {
            ops = List.copyOf(ops);
        }
    }

    /** Reads x, gives it to Java, and writes what Java leaves to out: x itself may be somebody's snapshot. */
    record Host(HookPoint point, Tensor x, Tensor out, Edit.HostFunction function) implements Step {}
}
