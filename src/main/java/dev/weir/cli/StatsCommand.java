package dev.weir.cli;

import dev.weir.dump.Dump;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.SampledRows;
import dev.weir.lens.StreamStatistics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The shape of the stream, over many tokens. */
@Command(
        name = "stats",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Measures the stream over many tokens: norms, changes, dimensions, outliers.",
        description = {
            "Of prompts: what each block does to the stream. Of these or of a trace in a file: how long the rows",
            "of a point are, in how many directions they vary, and how far their largest value stands out. With",
            "--pca, the directions in which they vary most, and the rows at both ends of each."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir stats \"Once upon a time there was a little girl\"",
            "  weir stats --prompts prompts.jsonl --pca blocks.2.hook_resid_post",
            "  weir stats --dump story.safetensors --hooks resid_post --json"
        })
final class StatsCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final PromptArguments prompts = new PromptArguments();

    @Option(
            names = "--dump",
            paramLabel = "FILE",
            description = "A trace in a file, in place of a prompt; needs no model.")
    private Optional<Path> dump = Optional.empty();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(
            names = "--hooks",
            paramLabel = "SELECTORS",
            description = "Points to measure. Default: resid_pre.0,resid_post; of a file, all that it holds.")
    private Optional<String> hooks = Optional.empty();

    @Option(
            names = "--pca",
            paramLabel = "POINT",
            description = "Show the principal components of the rows of this point, by its full name.")
    private Optional<String> pca = Optional.empty();

    @Option(
            names = "--components",
            paramLabel = "N",
            defaultValue = "5",
            description = "How many of them. Default: ${DEFAULT-VALUE}.")
    private int components;

    @Mixin
    private final JsonArgument json = new JsonArgument();

    StatsCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (components < 1) {
            throw new IllegalArgumentException("--components: expected above zero, got " + components);
        }
        if (dump.isPresent()) {
            try (Dump file = Dump.open(dump.get())) {
                show(ofDump(file));
            }
        } else {
            List<Prompt> asked = prompts.read(shell.launcher() + " stats");
            try (Weir weir = model.open(shell)) {
                show(ofPrompts(weir, asked));
            }
        }
        return ExitCode.OK;
    }

    private void show(StreamReport report) {
        if (json.given()) {
            Json.print(shell, report.json());
        } else {
            report.print(shell.out(), shell.style());
        }
    }

    private StreamReport ofPrompts(Weir weir, List<Prompt> asked) {
        Hooks measured = weir.select(hooks.orElse("resid_pre.0,resid_post"));
        var seen = new TreeSet<>(weir.select(StreamStatistics.SELECTORS).taps().keySet());
        seen.addAll(measured.taps().keySet());
        pca.ifPresent(name -> seen.add(HookPoint.named(name)));
        try (var recorder = new TraceRecorder()) {
            weir.forward(asked, Tracing.of(Hooks.tap(seen), recorder));
            Trace trace = recorder.trace();
            var vocabulary = new Vocabulary(weir);
            return new StreamReport(
                    statistics(trace),
                    measured.taps().keySet().stream()
                            .map(point -> SampledRows.of(point, trace))
                            .toList(),
                    pca.map(name -> SampledRows.of(HookPoint.named(name), trace)),
                    components,
                    place -> vocabulary.token(trace.tokens()[place.sequence()][place.position()]));
        }
    }

    private static List<StreamStatistics> statistics(Trace trace) {
        return IntStream.range(0, trace.lengths().size())
                .mapToObj(sequence -> StreamStatistics.of(
                        trace,
                        sequence,
                        IntStream.range(0, trace.lengths().get(sequence))
                                .boxed()
                                .toList()))
                .toList();
    }

    private StreamReport ofDump(Dump file) {
        if (prompts.given()) {
            throw new IllegalArgumentException("--dump: expected no prompt beside it, got one");
        }
        Collection<HookPoint> measured = hooks.isPresent()
                ? Hooks.select(hooks.get(), file.points()).taps().keySet()
                : file.points().stream()
                        .filter(point -> point.site().form() != Site.Form.SQUARE)
                        .toList();
        return new StreamReport(
                List.of(),
                measured.stream()
                        .map(point -> SampledRows.of(point, file.values(point)))
                        .toList(),
                pca.map(name -> SampledRows.of(HookPoint.named(name), file.values(HookPoint.named(name)))),
                components,
                place -> place.sequence() + ":" + place.position());
    }
}
