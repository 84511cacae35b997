package dev.weir.backend.cpu;

import dev.weir.backend.Backend;
import dev.weir.backend.WeightView;
import dev.weir.tensor.Tensor;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The CPU as a machine. Results do not depend on the number of threads, on the kernels or on the rows of a step: the same value has
 * the same bits.
 */
public final class CpuBackend implements Backend {

    private final Workers workers;
    private final String description;

    /** The fastest kernels that this JVM can load. */
    public CpuBackend(int threads) {
        this(threads, Fastest.kernels(), Fastest.warmUp());
    }

    /**
     * A machine of so many threads, the calling one among them.
     *
     * @param kernels makes the arithmetic of one thread
     */
    public CpuBackend(int threads, Supplier<? extends Kernels> kernels) {
        this(threads, kernels, WarmUp.NONE);
    }

    private CpuBackend(int threads, Supplier<? extends Kernels> kernels, WarmUp warmUp) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected one or more, got " + threads);
        }
        workers = new Workers(threads, kernels, warmUp);
        description = "CPU, " + kernels.get().description() + ", " + threads + (threads == 1 ? " thread" : " threads");
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int runsKept() {
        return 0;
    }

    @Override
    public LoadedWeights load(Map<Tensor, WeightView> weights) {
        workers.requireOpen();
        return new CpuWeights(workers, weights);
    }

    @Override
    public void close() {
        workers.close();
    }
}
