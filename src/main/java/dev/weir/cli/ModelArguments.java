package dev.weir.cli;

import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, on which machine. */
final class ModelArguments {

    @Mixin
    private final ModelFolder folder = new ModelFolder();

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto, cpu, cuda or cuda:N. Default: ${DEFAULT-VALUE}, the best at hand.")
    private String device = "auto";

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = DTypeConverter.class,
            description = "How the machine keeps matrices: float32, bfloat16 or float16. Default: as they are stored."
                    + " The stream itself is always float32.")
    private Optional<DType> dtype = Optional.empty();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description =
                    "Threads of the CPU machine; they change no bit of the result. Default: one for each processor.")
    private Optional<Integer> threads = Optional.empty();

    /** Opens the model. */
    Weir open(Shell shell) throws IOException {
        if (threads.isPresent() && threads.get() <= 0) {
            throw new IllegalArgumentException("--threads: expected above zero, got " + threads.get());
        }
        return Weir.open(folder.find(shell), new Options(device, dtype, threads.orElse(0)));
    }
}
