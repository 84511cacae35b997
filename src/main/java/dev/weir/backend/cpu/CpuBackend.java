package dev.weir.backend.cpu;

import dev.weir.backend.Backend;
import dev.weir.backend.WeightView;
import dev.weir.tensor.Tensor;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The CPU as a machine. Results do not depend on the number of threads, on the kernels or on the rows of a step: the same value has
 * the same bits. Only a library, if one is asked for, has bits of its own.
 */
public final class CpuBackend implements Backend {

    private final Workers workers;
    private final WarmUp warmUp;
    private final String description;

    /** The fastest kernels that this JVM can load. */
    public CpuBackend(int threads) {
        this(threads, Fastest.kernels(), Fastest.warmUp(), Optional.empty());
    }

    /** The same with a library for many rows. What it makes of them has bits of its own: decode and prefill differ. */
    public CpuBackend(int threads, MatrixLibrary library) {
        this(threads, Fastest.kernels(), Fastest.warmUp(), Optional.of(library));
    }

    /**
     * A machine of so many threads, the calling one among them.
     *
     * @param kernels makes the arithmetic of one thread
     */
    public CpuBackend(int threads, Supplier<? extends Kernels> kernels) {
        this(threads, kernels, WarmUp.NONE, Optional.empty());
    }

    private CpuBackend(
            int threads, Supplier<? extends Kernels> kernels, WarmUp warmUp, Optional<MatrixLibrary> library) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected one or more, got " + threads);
        }
        this.warmUp = warmUp;
        workers = new Workers(threads, kernels, warmUp, library);
        description = "CPU, " + kernels.get().description() + ", " + threads + (threads == 1 ? " thread" : " threads")
                + library.map(l -> ", " + l.description()).orElse("");
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public void settle() {
        warmUp.finish();
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
