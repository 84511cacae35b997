package dev.weir.cli;

import dev.weir.backend.cuda.CudaOptions;
import dev.weir.engine.Options;
import dev.weir.tensor.DType;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which machine, and how it is to work. */
final class MachineArguments {

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto, cpu, cuda or cuda:N. Default: ${DEFAULT-VALUE}, a GPU if there is one.")
    private String device = "auto";

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = MatrixTypeConverter.class,
            description = "How the machine keeps matrices: float32, bfloat16, float16 or, on the CPU, int8."
                    + " Default: as they are stored. The stream itself is always float32.")
    private Optional<DType> dtype = Optional.empty();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description =
                    "Threads of the CPU machine; they change no bit of the result. Default: one for each processor.")
    private Optional<Integer> threads = Optional.empty();

    @Option(
            names = "--exact",
            description = "One order of operations on every machine: a GPU returns the bits of the CPU. Slower there.")
    private boolean exact;

    @Option(
            names = "--tf32",
            description = "Lets a GPU round float32 factors of large matmuls to 10 bits of mantissa. Faster.")
    private boolean tf32;

    @Option(
            names = "--no-graphs",
            description = "Launches every kernel on a GPU by itself, instead of a captured graph of them. Slower.")
    private boolean noGraphs;

    @Option(
            names = "--sync",
            description = "Waits for every kernel on a GPU, so that an error names the op that made it. Slow.")
    private boolean sync;

    Optional<DType> dtype() {
        return dtype;
    }

    Options options() {
        if (threads.isPresent() && threads.get() <= 0) {
            throw new IllegalArgumentException("--threads: expected above zero, got " + threads.get());
        }
        return new Options(device, dtype, threads.orElse(0), new CudaOptions(exact, tf32, !noGraphs, sync));
    }
}
