package dev.weir.cli;

import dev.weir.bench.Case;
import dev.weir.checkpoint.Checkpoint;
import dev.weir.checkpoint.ModelSource;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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
            "Every option that names sizes, types, threads, traces or graphs takes several values with commas;",
            "all their combinations are timed by turns, so that ratios hold on a noisy machine.",
            "Figures are medians of the repeats, with the smallest and the largest behind them; the limits are",
            "measured in every round, and their medians count."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir bench",
            "  weir bench --shape gpt2 --dtype float32,bfloat16 --threads 1,2",
            "  weir bench --shape gpt2 -p 0 -n 64 -d 0,890 -b 1,16 --trace off,resid,all -o md",
            "  weir bench --shape gpt2 --dtype bfloat16 --device cuda --graphs on,off",
            "  weir bench --shape gpt2 --append bench/results/cpu.jsonl",
            "  weir bench --shape gpt2 --save random-gpt2"
        })
final class BenchCommand implements Callable<Integer> {

    private static final long SEED = 1;

    private final Shell shell;

    @Spec
    private @Nullable CommandSpec spec;

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

    @Mixin
    private final BenchAxes axes = new BenchAxes();

    @Option(
            names = {"-r", "--repeat"},
            paramLabel = "R",
            defaultValue = "5",
            description = "How often each is timed, after two rounds that are not. Default: ${DEFAULT-VALUE}.")
    private int repeat = 5;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text, md, csv, json or jsonl. Default: ${DEFAULT-VALUE}.")
    private String output = "text";

    @Option(
            names = "--append",
            paramLabel = "FILE",
            description = "Adds a line of JSON for each figure to a file, with when, on what and with which commit.")
    private Optional<Path> append = Optional.empty();

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
        BenchOutput format = json.given() ? BenchOutput.JSON : BenchOutput.of(output);
        if (repeat < 1) {
            throw new IllegalArgumentException("repeats: expected 1 or more, got " + repeat);
        }
        BenchReport report = measure(axes.axes().cases());
        report.print(shell, format);
        if (append.isPresent()) {
            Files.writeString(append.get(), report.lines(shell), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        return ExitCode.OK;
    }

    private BenchReport measure(List<Case> cases) throws IOException {
        List<Options> machines = axes.machines();
        var opened = new ArrayList<BenchMachine>();
        try (Progress progress = Progress.of(shell, "bench", " rounds", repeat + 1L)) {
            for (Options options : machines) {
                opened.add(BenchMachine.open(source(), options, cases));
            }
            opened.forEach(machine -> machine.benchmark().warmUp());
            progress.advance(1);
            for (int round = 0; round < repeat; round++) {
                opened.forEach(machine -> machine.benchmark().round());
                progress.advance(1);
            }
            progress.hide();
            return new BenchReport(
                    command(), repeat, opened.stream().map(BenchMachine::run).toList());
        } finally {
            opened.forEach(BenchMachine::close);
        }
    }

    /** As it was called, for whoever wants to see the figures come out again. */
    private String command() {
        var root = Objects.requireNonNull(spec).root().commandLine();
        return "weir " + String.join(" ", root.getParseResult().originalArgs());
    }

    private int save(Path target) throws IOException {
        if (axes.dtype().filter(type -> !type.isModelFloat()).isPresent()) {
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
        DType stored = axes.dtype().filter(DType::isModelFloat).orElse(DType.FLOAT32);
        return new SyntheticWeights(name, SyntheticWeights.shape(name), stored, SEED);
    }
}
