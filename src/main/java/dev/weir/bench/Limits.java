package dev.weir.bench;

import dev.weir.backend.cpu.MachineLimits;
import dev.weir.backend.cuda.CopyBandwidth;
import dev.weir.engine.Weir;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * What a machine could do at most.
 *
 * @param gigabytes bytes of memory moved, times 10^9 per second
 * @param gigaflops multiplications and additions, times 10^9 per second; empty where nothing measures them
 */
public record Limits(double gigabytes, OptionalDouble gigaflops) {

    /**
     * What measures the limits of the machine that a model is on: reads and multiply-adds of the CPU, copies within a GPU.
     *
     * @param threads of the CPU
     */
    public static Supplier<Limits> of(Weir weir, int threads) {
        OptionalInt gpu = weir.gpu();
        return gpu.isPresent()
                ? () -> new Limits(CopyBandwidth.gigabytes(gpu.getAsInt()), OptionalDouble.empty())
                : () -> of(MachineLimits.measure(threads));
    }

    private static Limits of(MachineLimits limits) {
        return new Limits(limits.readGigabytes(), OptionalDouble.of(limits.gigaflops()));
    }

    /** The median of each figure. */
    public static Limits median(List<Limits> measured) {
        double[] gigabytes = measured.stream().mapToDouble(Limits::gigabytes).toArray();
        double[] gigaflops = measured.stream()
                .flatMapToDouble(limits -> limits.gigaflops.stream())
                .toArray();
        return new Limits(
                new Sample(gigabytes).median(),
                gigaflops.length > 0 ? OptionalDouble.of(new Sample(gigaflops).median()) : OptionalDouble.empty());
    }
}
