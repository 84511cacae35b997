package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backend.cpu.MachineLimits;
import dev.weir.bench.Benchmark;
import dev.weir.bench.Cost;
import dev.weir.bench.Sample;
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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
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
            "generation. Ways of tracing alternate, so that their ratio holds on a noisy machine.",
            "Figures are medians of the repeats, with the smallest and the largest behind them; the limits are",
            "measured after every round, and their medians count."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir bench",
            "  weir bench --shape gpt2 --dtype bfloat16 --threads 2",
            "  weir bench --shape gpt2 -p 0 -n 64 -d 890 --trace off,resid,all",
            "  weir bench --model path/to/gpt2 --json",
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

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = DTypeConverter.class,
            description = "How the machine keeps matrices. Default: as they are stored; float32 for a shape.")
    private Optional<DType> dtype = Optional.empty();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of the CPU machine. Default: one for each processor.")
    private Optional<Integer> threads = Optional.empty();

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
        if (threads.isPresent() && threads.get() <= 0) {
            throw new IllegalArgumentException("--threads: expected above zero, got " + threads.get());
        }
        int processors = threads.orElse(Runtime.getRuntime().availableProcessors());
        var options = new Options("cpu", dtype, processors);
        try (Weir weir = Weir.of(source(), options);
                Progress progress = Progress.of(shell, "bench", " rounds", repeat + 1L)) {
            var benchmark = new Benchmark(weir, workload);
            var measured = new ArrayList<MachineLimits>();
            Map<Watching, Benchmark.Result> results = benchmark.run(watchings, repeat, () -> {
                measured.add(MachineLimits.measure(processors));
                progress.advance(1);
            });
            MachineLimits limits = MachineLimits.median(measured);
            progress.hide();
            var report = new Report(weir, workload, limits, results);
            if (json.given()) {
                Json.print(shell, report.json());
            } else {
                report.print();
            }
        }
        return ExitCode.OK;
    }

    private int save(Path target) throws IOException {
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
        return new SyntheticWeights(name, SyntheticWeights.shape(name), dtype.orElse(DType.FLOAT32), SEED);
    }

    private static Watching watching(String label) {
        return Arrays.stream(Watching.values())
                .filter(w -> w.label().equals(label))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("--trace: expected off, resid or all, got '" + label + "'"));
    }

    /** What was measured, as a table or as JSON. */
    private final class Report {
        private final Weir weir;
        private final Workload workload;
        private final MachineLimits limits;
        private final Map<Watching, Benchmark.Result> results;

        Report(Weir weir, Workload workload, MachineLimits limits, Map<Watching, Benchmark.Result> results) {
            this.weir = weir;
            this.workload = workload;
            this.limits = limits;
            this.results = results;
        }

        void print() {
            shell.out().println("%s, %s, %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
            shell.out()
                    .println(String.format(
                            Locale.ROOT,
                            "limits measured in this run: %.1f GB/s read, %.0f GFLOP/s",
                            limits.readGigabytes(),
                            limits.gigaflops()));
            shell.out().println();
            var table = new Table(shell.style())
                    .text("trace")
                    .text("test")
                    .number("tokens/s")
                    .number("min")
                    .number("max")
                    .number("of limit");
            results.forEach((watching, result) -> {
                result.prefill()
                        .ifPresent(s -> row(
                                table, watching, "prefill " + workload.promptTokens() + ofBatch(), s, prefillShare(s)));
                result.decode().ifPresent(s -> row(table, watching, decodeName(), s, decodeShare(s)));
            });
            table.print(shell.out());
        }

        private void row(Table table, Watching watching, String test, Sample sample, double share) {
            table.row(
                    watching.label(),
                    test,
                    Figures.six(sample.median()),
                    Figures.six(sample.min()),
                    Figures.six(sample.max()),
                    Figures.percent(share));
        }

        private String decodeName() {
            return "decode " + workload.newTokens()
                    + (workload.depth() > 0 ? " at " + workload.depth() : "")
                    + ofBatch();
        }

        private String ofBatch() {
            return workload.sequences() > 1 ? " of " + workload.sequences() : "";
        }

        /** Of one prompt token. */
        private double prefillOperations() {
            return Cost.ofPrefill(weir.config(), weir.dtype(), workload.promptTokens())
                            .operations()
                    / workload.promptTokens();
        }

        /** Of one generated token, half-way. */
        private double decodeBytes() {
            int middle = workload.depth() + workload.newTokens() / 2;
            return Cost.ofDecode(weir.config(), weir.dtype(), middle, workload.sequences())
                            .bytes()
                    / workload.sequences();
        }

        private double prefillShare(Sample sample) {
            return prefillOperations() * sample.median() / (limits.gigaflops() * 1e9);
        }

        private double decodeShare(Sample sample) {
            return decodeBytes() * sample.median() / (limits.readGigabytes() * 1e9);
        }

        ObjectNode json() {
            ObjectNode object = Json.object();
            object.put("model", weir.name());
            object.put("dtype", weir.dtype().label());
            object.put("machine", weir.machine());
            object.put("prompt_tokens", workload.promptTokens());
            object.put("new_tokens", workload.newTokens());
            object.put("depth", workload.depth());
            object.put("batch", workload.sequences());
            object.put("repeat", repeat);
            object.put("read_gigabytes_per_second", limits.readGigabytes());
            object.put("gigaflops", limits.gigaflops());
            ArrayNode figures = object.putArray("results");
            results.forEach((watching, result) -> {
                result.prefill()
                        .ifPresent(s -> figures.add(figure(watching, "prefill", s, prefillShare(s))
                                .put("operations_per_token", prefillOperations())));
                result.decode()
                        .ifPresent(s -> figures.add(
                                figure(watching, "decode", s, decodeShare(s)).put("bytes_per_token", decodeBytes())));
            });
            return object;
        }

        private static ObjectNode figure(Watching watching, String test, Sample sample, double share) {
            ObjectNode figure = Json.object();
            figure.put("trace", watching.label());
            figure.put("test", test);
            figure.put("tokens_per_second", sample.median());
            figure.put("min", sample.min());
            figure.put("max", sample.max());
            figure.put("share_of_limit", share);
            return figure;
        }
    }
}
