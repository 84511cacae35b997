package dev.weir.cli;

import dev.weir.backend.CudaOptions;
import dev.weir.engine.Options;
import dev.weir.tensor.DType;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which machine, and how a GPU is to work. */
final class DeviceArguments {

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto, cpu, cuda or cuda:N. Default: ${DEFAULT-VALUE}, a GPU if there is one.")
    private String device = "auto";

    @Option(
            names = "--exact",
            description = "One order of operations on every machine: a GPU returns the bits of the CPU. Slower there.")
    private boolean exact;

    @Option(
            names = "--onednn",
            description = "Leaves matmuls of many rows on the CPU to oneDNN, which has AMX where the processor has."
                    + " Rounds otherwise than Weir does; not with --exact.")
    private boolean oneDnn;

    @Option(
            names = "--tf32",
            description = "Lets a GPU round float32 factors of large matmuls to 10 bits of mantissa. Faster.")
    private boolean tf32;

    @Option(
            names = "--no-graphs",
            description = "Launches every kernel on a GPU by itself, instead of a captured graph of them. Slower.")
    private boolean noGraphs;

    @Option(
            names = "--persistent",
            description =
                    "Lets one kernel do a whole step of few rows on a GPU, instead of a launch for each op or group"
                            + " of ops. The same bits; the driver takes long to compile it at first.")
    private boolean persistent;

    @Option(
            names = "--sync",
            description = "Waits for every kernel on a GPU, so that an error names the op that made it. Slow.")
    private boolean sync;

    /**
     * With what the caller chose besides.
     *
     * @param threads of the CPU machine; empty is one for each processor
     */
    Options options(Optional<DType> dtype, Optional<Integer> threads) {
        if (threads.isPresent() && threads.get() <= 0) {
            throw new IllegalArgumentException("--threads: expected above zero, got " + threads.get());
        }
        return new Options(
                device, dtype, threads.orElse(0), oneDnn, new CudaOptions(exact, tf32, !noGraphs, persistent, sync));
    }
}
