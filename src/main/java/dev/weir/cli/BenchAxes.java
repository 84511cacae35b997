package dev.weir.cli;

import dev.weir.bench.Axes;
import dev.weir.bench.Watching;
import dev.weir.engine.Options;
import dev.weir.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The axes of a benchmark. Each takes several values with commas, and every combination is timed. */
final class BenchAxes {

    @Option(
            names = {"-p", "--prompt-tokens"},
            paramLabel = "N",
            split = ",",
            defaultValue = "512",
            description = "Tokens of the prompt; 0 times none. Default: ${DEFAULT-VALUE}.")
    private List<Integer> prompts = List.of();

    @Option(
            names = {"-n", "--new-tokens"},
            paramLabel = "N",
            split = ",",
            defaultValue = "128",
            description = "Tokens generated; 0 times none. Default: ${DEFAULT-VALUE}.")
    private List<Integer> generations = List.of();

    @Option(
            names = {"-d", "--depth"},
            paramLabel = "N",
            split = ",",
            defaultValue = "0",
            description = "Positions in the cache before the first of them. Default: ${DEFAULT-VALUE}.")
    private List<Integer> depths = List.of();

    @Option(
            names = {"-b", "--batch"},
            paramLabel = "N",
            split = ",",
            defaultValue = "1",
            description = "Sequences that go side by side. Default: ${DEFAULT-VALUE}.")
    private List<Integer> batches = List.of();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            split = ",",
            converter = MatrixTypeConverter.class,
            description = "How the machine keeps matrices: float32, bfloat16, float16 or, on the CPU, int8."
                    + " Default: as they are stored.")
    private List<DType> dtypes = List.of();

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            split = ",",
            description = "Threads of the CPU machine. Default: one for each processor.")
    private List<Integer> threads = List.of();

    @Option(
            names = "--trace",
            paramLabel = "WHAT",
            split = ",",
            defaultValue = "off",
            description = "What is traced to memory meanwhile: off, resid or all. Default: ${DEFAULT-VALUE}.")
    private List<String> traces = List.of();

    @Option(
            names = "--graphs",
            paramLabel = "HOW",
            split = ",",
            description = "On a GPU, whether steps are captured graphs: on or off. Default: on.")
    private List<String> graphs = List.of();

    @Mixin
    private final DeviceArguments device = new DeviceArguments();

    /** What is timed on each machine. */
    Axes axes() {
        return new Axes(
                prompts,
                generations,
                depths,
                batches,
                traces.stream().map(BenchAxes::watching).toList());
    }

    private static Watching watching(String label) {
        return Arrays.stream(Watching.values())
                .filter(w -> w.label().equals(label))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("--trace: expected off, resid or all, got '" + label + "'"));
    }

    /** The first type that is named. */
    Optional<DType> dtype() {
        return dtypes.stream().findFirst();
    }

    /** Every machine that the model is opened on. */
    List<Options> machines() {
        var machines = new ArrayList<Options>();
        for (Optional<DType> dtype : orNone(dtypes)) {
            for (Optional<Integer> count : orNone(threads)) {
                machines.addAll(withGraphs(device.options(dtype, count)));
            }
        }
        return machines.stream().distinct().toList();
    }

    private List<Options> withGraphs(Options options) {
        return graphs.isEmpty()
                ? List.of(options)
                : graphs.stream()
                        .map(label -> options.withCuda(options.cuda().withGraphs(isOn(label))))
                        .toList();
    }

    private static boolean isOn(String label) {
        return switch (label) {
            case "on" -> true;
            case "off" -> false;
            default -> throw new IllegalArgumentException("--graphs: expected on or off, got '" + label + "'");
        };
    }

    private static <T> List<Optional<T>> orNone(List<T> values) {
        return values.isEmpty()
                ? List.of(Optional.empty())
                : values.stream().map(Optional::of).toList();
    }
}
