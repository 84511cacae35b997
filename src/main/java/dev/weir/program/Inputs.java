package dev.weir.program;

import dev.weir.tensor.Tensor;

/**
 * The tensors that a machine fills from a step's rows before it runs: state, int32, [R, 1] each, {@code outputs} [O, 1]. What
 * varies from step to step is here and never in a launch argument.
 */
public record Inputs(Tensor tokens, Tensor positions, Tensor slots, Tensor outputs) {

    /** R, the rows of a step. */
    public int rows() {
        return tokens.rows();
    }
}
