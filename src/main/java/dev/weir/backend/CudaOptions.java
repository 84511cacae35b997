package dev.weir.backend;

/**
 * How a GPU is to work.
 *
 * @param exact one order of operations per op, that of the CPU: the same value has the same bits in every step and on both machines
 * @param tf32 whether matmuls of float32 weights may round what they multiply to 10 bits of mantissa, where that is faster
 * @param graphs whether a plan that runs again is captured and replayed; without, every kernel is launched every time
 * @param persistent whether a step of few rows is one launch, where the GPU and the plan allow it; without, every op or group of neighbours is a launch
 * @param sync whether every op of few rows has a launch of its own and is waited for, so that an error is found at the op that made it; slow
 */
public record CudaOptions(boolean exact, boolean tf32, boolean graphs, boolean persistent, boolean sync) {

    /** Fast, true float32, graphs. */
    public static final CudaOptions DEFAULT = new CudaOptions(false, false, true, false, false);

    /** Whether neighbouring ops of few rows may share a launch. */
    public boolean joins() {
        return !exact && !sync;
    }

    /** The same bits as the CPU, or not. */
    public CudaOptions withExact(boolean value) {
        return new CudaOptions(value, tf32, graphs, persistent, sync);
    }

    /** TensorFloat-32, or not. */
    public CudaOptions withTf32(boolean value) {
        return new CudaOptions(exact, value, graphs, persistent, sync);
    }

    /** Graphs, or not. */
    public CudaOptions withGraphs(boolean value) {
        return new CudaOptions(exact, tf32, value, persistent, sync);
    }

    /** One launch for a step of few rows, or not. */
    public CudaOptions withPersistent(boolean value) {
        return new CudaOptions(exact, tf32, graphs, value, sync);
    }

    /** Waiting after every launch, or not. */
    public CudaOptions withSync(boolean value) {
        return new CudaOptions(exact, tf32, graphs, persistent, value);
    }
}
