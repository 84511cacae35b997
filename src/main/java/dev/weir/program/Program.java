package dev.weir.program;

import dev.weir.hook.HookPoint;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/**
 * The forward pass as data: ops in the order they run, and the values that come out.
 *
 * @param results the logits [O, V], the chosen tokens [O, 1], or these and those
 */
public record Program(Inputs inputs, List<Op.Plain> ops, List<Tensor> results) {

    public Program {
        ops = List.copyOf(ops);
        results = List.copyOf(results);
    }

    /** The hook points of this program, in the order they are reached. */
    public List<HookPoint> points() {
        return ops.stream()
                .filter(Op.Hook.class::isInstance)
                .map(op -> ((Op.Hook) op).point())
                .toList();
    }

    /** A number that no value of the program has, and none above it. */
    int nextId() {
        return 1
                + ops.stream()
                        .flatMap(op -> Stream.concat(op.outs().stream(), op.asides().stream()))
                        .filter(t -> t.role() == Tensor.Role.VALUE)
                        .mapToInt(Tensor::id)
                        .max()
                        .orElse(0);
    }

    /** The sequences that the program's state has room for: those whose keys are kept, and one where no keys are. */
    int slots() {
        return ops.stream()
                .filter(Op.Attention.class::isInstance)
                .map(Op.Attention.class::cast)
                .mapToInt(attention -> attention.pages().slots())
                .findFirst()
                .orElse(1);
    }
}
