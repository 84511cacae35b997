package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Completion;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.Positions;
import dev.weir.hook.Positions.Range;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceFork;
import dev.weir.hook.TraceFork.Branch;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.LogitLens;
import dev.weir.lens.StreamPath;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One forward pass: a table of what happens to the stream, and a file of what was asked for. */
@Command(
        name = "trace",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Shows what happens to the residual stream, layer by layer.",
        description = {
            "Runs one forward pass over a prompt and shows the residual stream of one token: its norm, what",
            "attention and MLP added to it, its cosine to the layer before, and what the model would say next",
            "if it ended there (logit lens). With --out, hook points of every token go to a file."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir trace \"Once upon a time\"",
            "  weir trace \"Once upon a time\" --position 0",
            "  weir trace \"Once upon a time\" --out once.safetensors",
            "  weir trace \"Once upon a time\" --hooks \"pattern,blocks.{0..3}.attn.hook_z\" --out once.safetensors",
            "  weir trace --prompts prompts.jsonl --hooks resid_post@last --out last.safetensors",
            "  weir trace \"Once upon a time\" --edit blocks.2:skip"
        })
final class TraceCommand implements Callable<Integer> {

    private static final int GUESSES = 3;
    private static final int LONG = 512;

    private final Shell shell;

    @Mixin
    private final PromptArguments prompts = new PromptArguments();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Mixin
    private final EditArguments edits = new EditArguments();

    @Option(
            names = "--hooks",
            paramLabel = "SELECTORS",
            defaultValue = "resid_pre,resid_mid,resid_post",
            description =
                    "Hook points for the file, joined by commas. Default: ${DEFAULT-VALUE}; 'weir hooks' lists them.")
    private String hooks = "";

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Write them to a safetensors file, one tensor for each point.")
    private Optional<Path> out = Optional.empty();

    @Mixin
    private final TraceFileArguments traceArguments = new TraceFileArguments();

    @Option(
            names = "--position",
            paramLabel = "N",
            description = "The token that the table is about, from 0, or from the end: -1. Default: the last.")
    private int position = -1;

    @Mixin
    private final JsonArgument json = new JsonArgument();

    TraceCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        List<PromptLine> lines = prompts.lines(shell.launcher() + " trace");
        try (Weir weir = model.open(shell)) {
            List<Prompt> asked = edits.edited(lines, weir);
            Hooks selected = weir.select(hooks); // a selector that names nothing is refused even where there is no file
            List<Integer> positions = asked.stream()
                    .map(prompt -> PromptPosition.of(
                            "--position", position, weir.encode(prompt).size()))
                    .toList();
            if (out.isEmpty()) {
                show(weir, asked, positions, List.of(), Optional.empty());
            } else {
                TraceLayout layout = weir.layoutOfForward(asked, traceArguments.measuring(selected));
                try (TraceFile file = traceArguments.file(shell, weir, asked, out.get(), layout)) {
                    show(weir, asked, positions, List.of(new Branch(selected, file.sink())), Optional.of(file));
                }
            }
        }
        return ExitCode.OK;
    }

    /** One pass, from which both the table and the file are made. */
    private void show(
            Weir weir, List<Prompt> asked, List<Integer> positions, List<Branch> branches, Optional<TraceFile> file)
            throws IOException {
        try (var recorder = new TraceRecorder()) {
            var all = new ArrayList<>(branches);
            all.add(new Branch(StreamPath.hooks(weir.config(), union(positions)), recorder));
            Completion completion = forward(weir, asked, new TraceFork(all));
            List<StreamReading> readings = readings(weir, recorder.trace(), completion, positions);
            if (json.given()) {
                Json.print(shell, json(weir, readings, completion, file));
            } else {
                print(weir, readings, file);
            }
        }
    }

    private Completion forward(Weir weir, List<Prompt> asked, TraceFork fork) {
        int rows = asked.stream().mapToInt(prompt -> weir.encode(prompt).size()).sum();
        try (Progress progress = rows > LONG ? Progress.of(shell, "trace", rows) : Progress.none()) {
            return weir.forward(asked, Tracing.of(fork.hooks(), fork), new Live(shell.out(), progress, false));
        }
    }

    private static Positions union(List<Integer> positions) {
        return new Positions.Ranges(positions.stream()
                .distinct()
                .sorted()
                .map(position -> new Range(position, position))
                .toList());
    }

    private static List<StreamReading> readings(
            Weir weir, Trace trace, Completion completion, List<Integer> positions) {
        var lens = new LogitLens(weir);
        var readings = new ArrayList<StreamReading>();
        for (int i = 0; i < positions.size(); i++) {
            StreamPath path = StreamPath.of(trace, i, positions.get(i));
            readings.add(new StreamReading(
                    completion.generations().get(i).promptTokens(),
                    positions.get(i),
                    path,
                    lens.top(path.stations(), GUESSES)));
        }
        return readings;
    }

    private void print(Weir weir, List<StreamReading> readings, Optional<TraceFile> file) throws IOException {
        Style style = shell.style();
        for (StreamReading reading : readings) {
            reading.print(shell.out(), style, new Vocabulary(weir));
            shell.out().println();
        }
        StreamReading.printLegend(shell.out(), style);
        shell.out().flush();
        shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
        if (file.isPresent()) {
            shell.note(file.get().summary());
        }
    }

    private static ObjectNode json(
            Weir weir, List<StreamReading> readings, Completion completion, Optional<TraceFile> file)
            throws IOException {
        ObjectNode report = Json.object();
        report.put("model", weir.name()).put("dtype", weir.dtype().label()).put("machine", weir.machine());
        ArrayNode prompts = report.putArray("prompts");
        readings.forEach(reading -> prompts.add(reading.json(new Vocabulary(weir))));
        report.set("timings", GenerationReport.json(completion.timings()));
        report.put("forward_rows", completion.forwardRows());
        return report.set("trace", file.isPresent() ? file.get().json() : report.nullNode());
    }
}
