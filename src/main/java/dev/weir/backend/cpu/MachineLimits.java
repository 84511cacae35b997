package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What this machine does at best, measured with the instructions that the kernels use: decoding is bound by the first figure,
 * prefill by the second. Both drift with everything else that runs, so only a share taken in one run says something.
 *
 * @param readGigabytes bytes that all threads together read from memory in a second, in 10^9
 * @param gigaflops float32 operations of fused multiply-adds in a second, in 10^9; one multiply-add is two
 */
public record MachineLimits(int threads, double readGigabytes, double gigaflops) {

    private static final long MEMORY_BYTES = 384L << 20; // several times the largest cache
    private static final long PART_BYTES = 1L << 20;
    private static final int ROUNDS = 200_000;
    private static final int REPETITIONS = 10;

    /** What one thread can be asked to do as fast as it can. */
    public interface Probe {
        /** Reads some memory in the way of a product with one row; the result depends on all of it. */
        float read(MemorySegment memory, long from, long bytes);

        /** Does {@link #operationsOfRound} so often; the result depends on all of them. */
        float multiplyAdd(int rounds);

        int operationsOfRound();
    }

    /** Measures for about a second. */
    public static MachineLimits measure(int threads) {
        return measure(threads, Fastest.probe());
    }

    /**
     * The middle of each figure: what held while the speed of the machine drifted.
     *
     * @param measured at least one, all with as many threads
     */
    public static MachineLimits median(List<MachineLimits> measured) {
        return new MachineLimits(
                measured.getFirst().threads,
                median(measured, MachineLimits::readGigabytes),
                median(measured, MachineLimits::gigaflops));
    }

    private static double median(List<MachineLimits> measured, ToDoubleFunction<MachineLimits> figure) {
        double[] ascending = measured.stream().mapToDouble(figure).sorted().toArray();
        return ascending[ascending.length / 2];
    }

    static MachineLimits measure(int threads, Probe probe) {
        try (var workers = new Workers(threads, ScalarKernels::new);
                var slab = new Slab(MEMORY_BYTES)) {
            slab.memory().fill((byte) 1); // or every page is the one page of zeros
            return new MachineLimits(threads, readGigabytes(workers, slab.memory(), probe), gigaflops(workers, probe));
        }
    }

    private static double readGigabytes(Workers workers, MemorySegment memory, Probe probe) {
        int parts = (int) (MEMORY_BYTES / PART_BYTES);
        double seconds = best(workers, parts, part -> probe.read(memory, part * PART_BYTES, PART_BYTES));
        return MEMORY_BYTES / seconds * 1e-9;
    }

    private static double gigaflops(Workers workers, Probe probe) {
        int parts = 16 * workers.threads();
        double seconds = best(workers, parts, part -> probe.multiplyAdd(ROUNDS));
        return (double) parts * ROUNDS * probe.operationsOfRound() / seconds * 1e-9;
    }

    private interface Part {
        float run(long part);
    }

    private static double best(Workers workers, int parts, Part part) {
        var results = new float[parts];
        double best = Double.POSITIVE_INFINITY;
        synchronized (workers) {
            for (int repetition = 0; repetition < REPETITIONS; repetition++) {
                long start = System.nanoTime();
                workers.run(parts, 1e6, (worker, from, to) -> {
                    for (int i = from; i < to; i++) {
                        results[i] = part.run(i);
                    }
                });
                best = Math.min(best, (System.nanoTime() - start) * 1e-9);
            }
        }
        return best;
    }
}
