package dev.weir.cli;

import dev.weir.bench.Benchmark;
import dev.weir.bench.Limits;
import dev.weir.bench.Watching;
import dev.weir.bench.Workload;
import dev.weir.checkpoint.Checkpoint;
import dev.weir.checkpoint.ModelSource;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How fast a model runs here, beside what the machine could do at most. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Times prefill and decode, watched and unwatched.",
        description = {
            "Tokens per second of a prompt and of generation, and the share of the limit that the same run",
            "measures: of the peak of multiply-adds for a prompt, of the read bandwidth of memory for",
            "generation. On a GPU the limit is what copies within it move, and a prompt has none.",
            "Ways of tracing alternate, so that their ratio holds on a noisy machine.",
            "Figures are medians of the repeats, with the smallest and the largest behind them; the limits are",
            "measured after every round, and their medians count."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir bench",
            "  weir bench --shape gpt2 --dtype bfloat16 --threads 2",
            "  weir bench --shape gpt2 -p 0 -n 64 -d 890 --trace off,resid,all",
            "  weir bench --model path/to/gpt2 --json",
            "  weir bench --shape gpt2 --dtype bfloat16 --device cuda --graphs on,off",
            "  weir bench --shape gpt2 --save random-gpt2"
        })
final class BenchCommand implements Callable<Integer> {

    private static final long SEED = 1;

    private final Shell shell;

    @Mixin
    private final ModelFolder folder = new ModelFolder();

    @Option(
            names = "--shape",
            paramLabel = "SHAPE",
            description = "Random weights instead of a model: gpt2, gpt2-medium, gpt2-large or gpt2-xl.")
    private Optional<String> shape = Optional.empty();

    @Option(
            names = "--save",
            paramLabel = "DIR",
            description = "Times nothing, and writes the random weights of --shape into a folder as Hugging Face"
                    + " lays it out, for another engine or for --model.")
    private Optional<Path> save = Optional.empty();

    @Option(
            names = {"-p", "--prompt-tokens"},
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of the prompt; 0 times none. Default: ${DEFAULT-VALUE}.")
    private int promptTokens = 512;

    @Option(
            names = {"-n", "--new-tokens"},
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens generated; 0 times none. Default: ${DEFAULT-VALUE}.")
    private int newTokens = 128;

    @Option(
            names = {"-d", "--depth"},
            paramLabel = "N",
            defaultValue = "0",
            description = "Positions in the cache before the first of them. Default: ${DEFAULT-VALUE}.")
    private int depth = 0;

    @Option(
            names = {"-b", "--batch"},
            paramLabel = "N",
            defaultValue = "1",
            description = "Sequences that go side by side. Default: ${DEFAULT-VALUE}.")
    private int batch = 1;

    @Mixin
    private final MachineArguments machine = new MachineArguments();

    @Option(
            names = "--graphs",
            paramLabel = "HOW",
            split = ",",
            description = "On a GPU, whether steps are captured graphs: on, off, or both with a comma. Default: on.")
    private List<String> graphs = List.of();

    @Option(
            names = "--trace",
            paramLabel = "WHAT",
            split = ",",
            defaultValue = "off",
            description = "What is traced to memory meanwhile: off, resid, all, or several with commas. Default: off.")
    private List<String> traces = List.of("off");

    @Option(
            names = "--repeat",
            paramLabel = "R",
            defaultValue = "5",
            description = "How often each is timed, after one round that is not. Default: ${DEFAULT-VALUE}.")
    private int repeat = 5;

    @Mixin
    private final JsonArgument json = new JsonArgument();

    BenchCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (save.isPresent()) {
            return save(save.get());
        }
        var workload = new Workload(promptTokens, newTokens, depth, batch);
        List<Watching> watchings = traces.stream().map(BenchCommand::watching).toList();
        Options options = machine.options();
        var runs = new ArrayList<BenchReport.Run>();
        for (Options each : withGraphs(options)) {
            runs.add(run(each, workload, watchings));
        }
        var report = new BenchReport(workload, repeat, runs);
        if (json.given()) {
            Json.print(shell, report.json());
        } else {
            report.print(shell);
        }
        return ExitCode.OK;
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

    private BenchReport.Run run(Options options, Workload workload, List<Watching> watchings) throws IOException {
        int threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
        try (Weir weir = Weir.of(source(), options);
                Progress progress = Progress.of(shell, "bench", " rounds", repeat + 1L)) {
            Supplier<Limits> limits = Limits.of(weir, threads);
            var measured = new ArrayList<Limits>();
            Map<Watching, Benchmark.Result> results = new Benchmark(weir, workload).run(watchings, repeat, () -> {
                measured.add(limits.get());
                progress.advance(1);
            });
            progress.hide();
            return BenchReport.Run.of(weir, options, Limits.median(measured), results);
        }
    }

    private int save(Path target) throws IOException {
        if (machine.dtype().filter(type -> !type.isModelFloat()).isPresent()) {
            throw new IllegalArgumentException("--save: expected --dtype float32, bfloat16 or float16, got int8");
        }
        String name =
                shape.orElseThrow(() -> new IllegalArgumentException("--save: expected --shape as well, got none"));
        try (SyntheticWeights weights = synthetic(name)) {
            weights.save(target);
        }
        return ExitCode.OK;
    }

    private ModelSource source() throws IOException {
        return shape.isPresent() ? synthetic(shape.get()) : Checkpoint.open(folder.find(shell));
    }

    private SyntheticWeights synthetic(String name) {
        if (folder.isGiven()) {
            throw new IllegalArgumentException("--shape " + name + ": expected it or --model, got both");
        }
        DType stored = machine.dtype().filter(DType::isModelFloat).orElse(DType.FLOAT32);
        return new SyntheticWeights(name, SyntheticWeights.shape(name), stored, SEED);
    }

    private static Watching watching(String label) {
        return Arrays.stream(Watching.values())
                .filter(w -> w.label().equals(label))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("--trace: expected off, resid or all, got '" + label + "'"));
    }
}
