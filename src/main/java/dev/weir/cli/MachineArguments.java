package dev.weir.cli;

import dev.weir.engine.Options;
import dev.weir.tensor.DType;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which machine, and how it is to work. */
final class MachineArguments {

    @Mixin
    private final DeviceArguments device = new DeviceArguments();

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

    Optional<DType> dtype() {
        return dtype;
    }

    Options options() {
        return device.options(dtype, threads);
    }
}
