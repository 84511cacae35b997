package dev.weir.backend.cuda;

import dev.weir.program.Inputs;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/**
 * Where everything that a plan names lies on the GPU, until its workspace moves.
 *
 * @param extents of what was looked up here and changes during a step
 */
record Addresses(Plan plan, CudaWeights weights, CudaWorkspace workspace, Extents extents) {

    /** What a kernel takes for nothing. */
    static final long NULL = 0;

    /** A value that the plan must have placed. */
    long value(Tensor value) {
        return place(value).orElseThrow(() -> new IllegalArgumentException("plan: expected a place for " + value));
    }

    /** A value that is written only where somebody looks. */
    long aside(Tensor value) {
        return place(value).orElse(NULL);
    }

    /** Whether somebody looks. */
    boolean isShown(Tensor value) {
        return plan.place(value).isPresent();
    }

    private Optional<Long> place(Tensor value) {
        return plan.place(value)
                .map(place -> extents.note(workspace.address(place.slab()) + place.offset(), value.bytes()));
    }

    long state(Tensor tensor) {
        return extents.note(workspace.state(tensor), tensor.bytes());
    }

    long table(Tensor weight) {
        return weights.table(weight);
    }

    long matrix(Tensor weight) {
        return weights.matrix(weight);
    }

    long vector(Tensor weight) {
        return weights.vector(weight);
    }

    long bias(Op.Linear linear) {
        return linear.bias().map(weights::vector).orElse(NULL);
    }

    /** Memory that an op uses until it is done. */
    long work() {
        CudaWorkspace.Area work = CudaWorkspace.Area.WORK;
        return extents.note(workspace.address(work), workspace.bytes(work));
    }

    /** An input of the step; they lie packed, one after another. */
    long input(Tensor input) {
        Inputs inputs = plan.inputs();
        long base = workspace.address(CudaWorkspace.Area.INPUTS);
        long each = InputFeed.bytes(inputs.rows(), 0) / 3;
        if (input.id() == inputs.tokens().id()) {
            return base;
        }
        if (input.id() == inputs.positions().id()) {
            return base + each;
        }
        if (input.id() == inputs.slots().id()) {
            return base + 2 * each;
        }
        if (input.id() == inputs.outputs().id()) {
            return base + 3 * each;
        }
        throw new IllegalArgumentException("plan: expected one of its inputs, got " + input);
    }
}
