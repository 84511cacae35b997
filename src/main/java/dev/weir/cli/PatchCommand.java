package dev.weir.cli;

import dev.weir.engine.Weir;
import dev.weir.patching.ActivationPatching;
import dev.weir.patching.Metric;
import dev.weir.patching.PatchingGrid;
import dev.weir.patching.PatchingListener;
import dev.weir.patching.PatchingMap;
import dev.weir.patching.PathPatching;
import dev.weir.patching.PathPatching.Between;
import dev.weir.patching.PromptPair;
import dev.weir.patching.Receiver;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where in a model a difference between two prompts is carried. */
@Command(
        name = "patch",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Finds where a model carries what tells two prompts apart.",
        description = {
            "Runs the corrupted prompt again and again, each time with one activation of the clean prompt put in",
            "place of its own, and shows how much of the clean prompt's answer that brings back: 0%% nothing,",
            "100%% all of it. Both prompts must have as many tokens. With --to, only what goes from each head and",
            "MLP straight to a receiver is put in place (path patching)."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir patch \"The girl ran.\" \"The boy ran.\" --answer \" She\" --other \" He\"",
            "  weir patch \"The girl ran.\" \"The boy ran.\" --answer \" She\" --other \" He\" --site z --by head",
            "  weir patch \"The girl ran.\" \"The boy ran.\" --metric kl --site mlp_out --json",
            "  weir patch \"The girl ran.\" \"The boy ran.\" --answer \" She\" --other \" He\" --to logits",
            "  weir patch \"The girl ran.\" \"The boy ran.\" --answer \" She\" --other \" He\" --to 3.5.q,mlp.4"
        })
final class PatchCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final PairArguments pair = new PairArguments();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Mixin
    private final MetricArguments metric = new MetricArguments();

    @Option(
            names = "--site",
            paramLabel = "SITE",
            description = "Where activations are put in place: resid_pre, attn_out, mlp_out, z, q, k, v and others."
                    + " Default: resid_pre.")
    private Optional<String> site = Optional.empty();

    @Option(
            names = "--by",
            paramLabel = "CELLS",
            description =
                    "position: each layer at each position; head: each head, at every position; head-position: each"
                            + " head at each position. Default: position.")
    private Optional<String> by = Optional.empty();

    @Option(
            names = "--to",
            paramLabel = "RECEIVERS",
            description =
                    "Path patching, to the logits or to heads and MLPs joined by commas: 3.5.q,3.5.k,3.5.v,mlp.4.")
    private Optional<String> receivers = Optional.empty();

    @Option(
            names = "--through-mlps",
            description = "With --to: MLPs on the way hear what is put in place, and may pass it on.")
    private boolean throughMlps;

    @Option(names = "--swap", description = "The other way round: show what spoils the clean prompt.")
    private boolean swap;

    @Mixin
    private final JsonArgument json = new JsonArgument();

    PatchCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        pair.requireGiven(shell.launcher() + " patch");
        requireOneKind();
        try (Weir weir = model.open(shell)) {
            PromptPair prompts = swap ? pair.read(weir).swapped() : pair.read(weir);
            Metric measured = metric.read(weir);
            PatchingMap map = receivers.isPresent()
                    ? paths(weir, prompts, measured, PatchingWords.receivers(receivers.get()))
                    : sweep(
                            weir,
                            prompts,
                            measured,
                            PatchingWords.grid(site.orElse("resid_pre"), by.orElse("position"), weir));
            var report = new PatchingReport(shell, weir, prompts, measured, map);
            if (json.given()) {
                Json.print(shell, report.json());
            } else {
                report.print();
            }
        }
        return ExitCode.OK;
    }

    private void requireOneKind() {
        if (receivers.isPresent() && (site.isPresent() || by.isPresent())) {
            throw new IllegalArgumentException(
                    "--to " + receivers.get() + ": expected neither --site nor --by beside it, got one");
        }
        if (throughMlps && receivers.isEmpty()) {
            throw new IllegalArgumentException("--through-mlps: expected --to RECEIVERS beside it, got none");
        }
    }

    private PatchingMap sweep(Weir weir, PromptPair prompts, Metric measured, PatchingGrid grid) {
        var patching = new ActivationPatching(weir, prompts, measured);
        try (Progress progress = Progress.of(shell, "patch", " cells", grid.cells(weir.config(), prompts.length()))) {
            return patching.sweep(grid, advancing(progress));
        }
    }

    private PatchingMap paths(Weir weir, PromptPair prompts, Metric measured, List<Receiver> ends) {
        Between between = throughMlps ? Between.THE_STREAM_AND_MLPS : Between.THE_STREAM;
        var patching = new PathPatching(weir, prompts, measured, between);
        long senders = (long) weir.config().layers() * (weir.config().heads() + 1);
        try (Progress progress = Progress.of(shell, "patch", " paths", senders)) {
            return patching.sweep(ends, advancing(progress));
        }
    }

    private static PatchingListener advancing(Progress progress) {
        return (done, all) -> progress.advance(1);
    }
}
