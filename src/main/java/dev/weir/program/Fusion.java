package dev.weir.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The second pass. Neighbours fuse; a stop between them keeps them apart, by being between them. */
final class Fusion {

    private Fusion() {}

    static Step fuse(Step step) {
        return switch (step) {
            case Step.Host host -> host;
            case Step.Device device -> new Step.Device(fuse(device.ops()));
        };
    }

    private static List<Op> fuse(List<Op> ops) {
        var fused = new ArrayList<Op>();
        for (Op op : ops) {
            Optional<Op> joined = fused.isEmpty() ? Optional.empty() : join(fused.getLast(), op);
            joined.ifPresent(j -> fused.removeLast());
            fused.add(joined.orElse(op));
        }
        return fused;
    }

    private static Optional<Op> join(Op before, Op op) {
        if (before instanceof Op.Add add
                && op instanceof Op.LayerNorm norm
                && norm.x().equals(add.out())) {
            return Optional.of(new Op.AddLayerNorm(add, norm));
        }
        if (before instanceof Op.Linear linear
                && op instanceof Op.Activate activate
                && activate.x().equals(linear.out())) {
            return Optional.of(new Op.LinearActivate(linear, activate));
        }
        if (before instanceof Op.Linear first
                && op instanceof Op.Linear second
                && first.x().equals(second.x())) {
            return Optional.of(new Op.LinearGroup(List.of(first, second)));
        }
        if (before instanceof Op.LinearGroup group
                && op instanceof Op.Linear next
                && group.linears().getFirst().x().equals(next.x())) {
            return Optional.of(new Op.LinearGroup(
                    Stream.concat(group.linears().stream(), Stream.of(next)).toList()));
        }
        return Optional.empty();
    }
}
