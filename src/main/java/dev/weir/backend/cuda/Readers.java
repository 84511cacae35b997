package dev.weir.backend.cuda;

import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.program.Step;
import dev.weir.tensor.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Who wants the values of a plan. */
final class Readers {

    /** By value: how many ops read it. */
    private final Map<Tensor, Integer> counts = new HashMap<>();

    /** What leaves the GPU. */
    private final Set<Tensor> leaving = new HashSet<>();

    Readers(Plan plan) {
        leaving.addAll(plan.results());
        leaving.addAll(plan.taps().values());
        for (Step step : plan.steps()) {
            switch (step) {
                case Step.Device device -> device.ops().forEach(this::count);
                case Step.Host host -> leaving.add(host.x());
            }
        }
    }

    private void count(Op op) {
        switch (op) {
            case Op.AddLayerNorm o -> {
                count(o.add());
                count(o.norm());
            }
            case Op.LinearActivate o -> {
                count(o.linear());
                count(o.activate());
            }
            case Op.LinearGroup o -> o.linears().forEach(this::count);
            case Op.Plain o -> countIns(o);
            case Op.Edited o -> countIns(o);
        }
    }

    private void countIns(Op op) {
        op.ins().forEach(value -> counts.merge(value, 1, Integer::sum));
    }

    /** Whether somebody wants a value, so many of its readers aside. */
    boolean isWanted(Tensor value, int aside) {
        return leaving.contains(value) || counts.getOrDefault(value, 0) > aside;
    }
}
