package dev.weir.cli;

import dev.weir.dump.Dump;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.hook.Trace;
import dev.weir.patching.PatchingMap;
import dev.weir.report.LensReport;
import dev.weir.report.ReportOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One prompt looked into: pictures on the terminal, or a page for a browser. */
@Command(
        name = "lens",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Draws what a model does with a prompt: on the terminal, or as one HTML page.",
        description = {
            "Shows what the model would say next after each layer (logit lens), how long the stream is and",
            "what is added to it, and which heads and MLPs make the next token what it is. With --report, all",
            "of that for every token goes into one HTML file, with the attention patterns; it opens from disk",
            "without a network."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir lens \"Once upon a time\"",
            "  weir lens \"Once upon a time\" --position 2",
            "  weir lens --prompt \"Once upon a time\" --report once.html",
            "  weir lens --dump once.safetensors --report once.html"
        })
final class LensCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final PromptArguments prompts = new PromptArguments();

    @Option(
            names = "--dump",
            paramLabel = "FILE",
            description =
                    "Instead of a prompt: what 'weir trace --out' wrote, of this model. A whole report needs the points"
                            + " resid_pre, attn_out, mlp_out, resid_post, embed, pos_embed, z and pattern.")
    private Optional<Path> dump = Optional.empty();

    @Option(
            names = "--sequence",
            paramLabel = "N",
            description = "Which prompt of the dump, from 0. Default: the first.")
    private Optional<Integer> sequence = Optional.empty();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Write the page, instead of drawing on the terminal.")
    private Optional<Path> report = Optional.empty();

    @Option(
            names = "--sweep",
            paramLabel = "FILE",
            description =
                    "For the page: a patching sweep beside it, as 'weir patch --json' prints it. May be repeated.")
    private List<Path> sweeps = List.of();

    @Option(
            names = "--position",
            paramLabel = "N",
            description =
                    "The token that the pictures on the terminal are about, from 0, or from the end: -1. Default: the last.")
    private int position = -1;

    @Mixin
    private final JsonArgument json = new JsonArgument();

    LensCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        requireThatEachOptionCounts();
        Optional<Prompt> prompt = dump.isPresent() ? Optional.empty() : Optional.of(one());
        if (report.isPresent()) {
            requireFolder(report.get());
        }
        List<PatchingMap> maps = sweeps.stream().map(SweepFile::read).toList();
        try (Weir weir = model.open(shell)) {
            LensReport found = prompt.isPresent()
                    ? LensReport.of(weir, prompt.get())
                    : LensReport.of(weir, trace(weir), sequence.orElse(0), ReportOptions.DEFAULT);
            for (PatchingMap map : maps) {
                found = found.withSweep(map);
            }
            if (report.isPresent()) {
                write(found, report.get());
            } else {
                show(weir, found);
            }
        }
        return ExitCode.OK;
    }

    /** What would have no effect is refused rather than passed over. */
    private void requireThatEachOptionCounts() {
        if (dump.isPresent() && prompts.given()) {
            throw new IllegalArgumentException("--dump: expected no prompt beside it, got one");
        }
        if (sequence.isPresent() && dump.isEmpty()) {
            throw new IllegalArgumentException("--sequence: expected --dump beside it, got none");
        }
        if (!sweeps.isEmpty() && report.isEmpty()) {
            throw new IllegalArgumentException("--sweep: expected --report beside it, got none");
        }
        if (json.given() && report.isPresent()) {
            throw new IllegalArgumentException("--json: expected no --report beside it, got one");
        }
    }

    private void write(LensReport found, Path file) throws IOException {
        found.write(file);
        String tokens = Figures.counted(found.tokens().length, "token");
        shell.note("%s in %s, %s; open it in a browser".formatted(tokens, file, Figures.bytes(Files.size(file))));
        found.leftOut().forEach(shell::note);
    }

    private Prompt one() {
        List<Prompt> all = prompts.read(shell.launcher() + " lens");
        if (all.size() != 1) {
            throw new IllegalArgumentException("--prompts: expected one prompt to look into, got " + all.size());
        }
        return all.getFirst();
    }

    private static void requireFolder(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(file)) {
            throw new IllegalArgumentException("--report '" + file + "': expected a file in a folder that is there");
        }
    }

    private Trace trace(Weir weir) throws IOException {
        try (Dump opened = Dump.open(dump.orElseThrow())) {
            String traced = opened.provenance().weightsSha256();
            if (!traced.equals(weir.sha256())) {
                throw new IllegalArgumentException("--dump '" + opened.path() + "': expected a trace of " + weir.name()
                        + ", got one of " + opened.provenance().model() + " with other weights");
            }
            Trace trace = opened.trace();
            int asked = sequence.orElse(0);
            if (asked < 0 || asked >= trace.lengths().size()) {
                throw new IllegalArgumentException(
                        "--sequence: expected from 0 to " + (trace.lengths().size() - 1) + ", got " + asked);
            }
            return trace;
        }
    }

    private void show(Weir weir, LensReport found) {
        int at = PromptPosition.of("--position", position, found.tokens().length);
        var picture = new LensPicture(found, at, new Vocabulary(weir));
        if (json.given()) {
            Json.print(shell, picture.json());
            return;
        }
        picture.print(shell.out(), shell.style());
        shell.out().flush();
        shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
    }
}
