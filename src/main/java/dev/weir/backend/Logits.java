package dev.weir.backend;

import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.program.Step;
import dev.weir.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The values of a plan that are its logits, from the product that makes them on. When somebody looks at them they are made of every row
 * of a step, and otherwise of those that are wanted; so that looking changes no bit, their product may not depend on how many there are.
 */
public final class Logits {

    private Logits() {}

    /** What leaves the plan or is sampled from, and what that was before rows of it were selected and edits changed it. */
    public static Set<Tensor> of(Plan plan) {
        var logits = new HashSet<>(plan.results());
        for (Step step : plan.steps().reversed()) {
            switch (step) {
                case Step.Device device -> device.ops().reversed().forEach(op -> follow(op, logits));
                case Step.Host host -> follow(host.out(), host.x(), logits);
            }
        }
        return logits;
    }

    private static void follow(Op op, Set<Tensor> logits) {
        if (op instanceof Op.Sample sample) {
            logits.add(sample.logits());
        } else if (op instanceof Op.SelectRows select) {
            follow(select.out(), select.x(), logits);
        } else if (op instanceof Op.Edited edit) {
            follow(edit.out(), edit.x(), logits);
        }
    }

    private static void follow(Tensor out, Tensor x, Set<Tensor> logits) {
        if (logits.contains(out)) {
            logits.add(x);
        }
    }

    /** Whether one of these products makes them. */
    public static boolean madeBy(List<Op.Linear> products, Set<Tensor> logits) {
        return products.stream().map(Op.Linear::out).anyMatch(logits::contains);
    }
}
