package dev.weir.program;

import dev.weir.hook.HookPoint;
import dev.weir.tensor.Tensor;
import java.util.List;

/**
 * The forward pass as data: ops in the order they run, and the value that comes out.
 *
 * @param result the logits [O, V]
 */
public record Program(Inputs inputs, List<Op.Plain> ops, Tensor result) {

    public Program {
        ops = List.copyOf(ops);
    }

    /** The hook points of this program, in the order they are reached. */
    public List<HookPoint> points() {
        return ops.stream()
                .filter(Op.Hook.class::isInstance)
                .map(op -> ((Op.Hook) op).point())
                .toList();
    }
}
