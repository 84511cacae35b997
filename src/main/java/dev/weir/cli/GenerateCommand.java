package dev.weir.cli;

import dev.weir.engine.Completion;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.TraceLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Continues prompts, and writes what was seen on the way into a file. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Continues prompts: text out, and its residual stream if asked.",
        description = {
            "The text streams to standard output; speed, and the reason why it ended, go to standard error.",
            "With --trace, hook points of the very pass that generates go to a file, token by token."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir generate \"Once upon a time\"",
            "  weir generate \"Once upon a time\" --max-new-tokens 200 --temperature 0.8 --top-k 40 --seed 7",
            "  weir generate \"Tom and Sue\" --greedy --stop \". \"",
            "  weir generate --token-ids 464,2068,7586 --model path/to/gpt2",
            "  weir generate --prompts prompts.jsonl --json > results.json",
            "  weir generate \"Once upon a time\" --trace resid_post --trace-out story.safetensors",
            "  weir generate \"Once upon a time\" --edit resid_post.2:add=joy.safetensors*2",
            "  weir generate \"Once upon a time\" --edit blocks.3.mlp:skip --edit \"z.1:zero#0+3\""
        })
final class GenerateCommand implements Callable<Integer> {

    private static final int LONG_PROMPT = 512;

    private final Shell shell;

    @Mixin
    private final PromptArguments prompts = new PromptArguments();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Mixin
    private final EditArguments edits = new EditArguments();

    @Mixin
    private final SamplingArguments sampling = new SamplingArguments();

    @Option(
            names = "--trace",
            paramLabel = "SELECTORS",
            description = "Hook points to see, joined by commas: resid_post, blocks.*.attn.hook_z, resid_mid.3@last;"
                    + " 'weir hooks' lists them.")
    private Optional<String> trace = Optional.empty();

    @Option(
            names = "--trace-out",
            paramLabel = "FILE",
            description = "Where to write them: a safetensors file with one tensor for each point.")
    private Optional<Path> traceOut = Optional.empty();

    @Mixin
    private final TraceFileArguments traceArguments = new TraceFileArguments();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    GenerateCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        List<PromptLine> lines = prompts.lines(shell.launcher() + " generate");
        requireSelectorsAndFile();
        try (Weir weir = model.open(shell)) {
            List<Prompt> asked = edits.edited(lines, weir);
            GenerationOptions options = sampling.over(weir.defaults());
            var report = new GenerationReport(shell, weir, asked, options, sampling.choosesSeed());
            if (trace.isPresent() && traceOut.isPresent()) {
                generateTraced(report, weir.select(trace.get()), traceOut.get());
            } else {
                generate(report);
            }
        }
        return ExitCode.OK;
    }

    private void requireSelectorsAndFile() {
        if (trace.isPresent() && traceOut.isEmpty()) {
            throw new IllegalArgumentException(
                    "--trace " + trace.get() + ": expected --trace-out FILE beside it, got none");
        }
        if (traceOut.isPresent() && trace.isEmpty()) {
            throw new IllegalArgumentException("--trace-out " + traceOut.get()
                    + ": expected --trace SELECTORS such as resid_post beside it, got none");
        }
    }

    private void generate(GenerationReport report) throws IOException {
        var batches = new Batches(report.weir(), report.prompts(), report.options());
        try (Progress progress = progress(report, batches.mostRows())) {
            Completion completion = batches.run(begin(report, progress));
            progress.hide();
            end(report, completion, Optional.empty());
        }
    }

    /** All prompts at once, because their traces stand in one file. */
    private void generateTraced(GenerationReport report, Hooks hooks, Path path) throws IOException {
        Weir weir = report.weir();
        List<Prompt> asked = report.prompts();
        TraceLayout layout = weir.layoutOfGenerate(asked, report.options(), traceArguments.measuring(hooks));
        try (TraceFile file = traceArguments.file(shell, weir, asked, path, layout);
                Progress progress = progress(report, (long) asked.size() * layout.length())) {
            Tracing tracing = traceArguments.tracing(hooks, file.sink());
            Completion completion = weir.generate(asked, report.options(), tracing, begin(report, progress));
            progress.hide();
            end(report, completion, Optional.of(file));
        }
    }

    /** Whether the text is written as it comes: several texts at once would get mixed up. */
    private boolean streams(GenerationReport report) {
        return !json.given() && report.prompts().size() == 1;
    }

    /** Text that streams is progress enough; before it there is only the prompt to wait for. */
    private Progress progress(GenerationReport report, long rows) {
        if (!streams(report)) {
            return Progress.of(shell, "generate", rows);
        }
        int prompt = report.weir().encode(report.prompts().getFirst()).size();
        return prompt > LONG_PROMPT ? Progress.of(shell, "prompt", prompt) : Progress.none();
    }

    private Live begin(GenerationReport report, Progress progress) {
        if (streams(report)) {
            report.printPrompt(report.prompts().getFirst());
        }
        return new Live(shell.out(), progress, streams(report));
    }

    private void end(GenerationReport report, Completion completion, Optional<TraceFile> written) throws IOException {
        if (json.given()) {
            Json.print(shell, report.json(completion, written));
        } else {
            report.print(completion, written);
        }
    }
}
