package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.dump.Dump;
import dev.weir.dump.DumpDiff;
import dev.weir.dump.PointDifference;
import dev.weir.hook.HookPoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where two traces part. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Compares two traces up to the point where they part.",
        description = {
            "Two traces of the same tokens, point by point in the order in which a forward pass reaches them.",
            "The first point that leaves its bound ends it: there the two computations part, and what comes",
            "after follows from it. Any safetensors file with names of hook points will do."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:every point is within its bound", "1:one is not", "2:the files cannot be compared"},
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir diff ours.safetensors theirs.safetensors",
            "  weir diff one-thread.safetensors two-threads.safetensors --bound 0",
            "  weir diff float32.safetensors bfloat16.safetensors --bound 0.02 --json"
        })
final class DiffCommand implements Callable<Integer> {

    private final Shell shell;

    @Parameters(index = "0", paramLabel = "A", description = "A trace.")
    private Path first = Path.of("");

    @Parameters(index = "1", paramLabel = "B", description = "Another.")
    private Path second = Path.of("");

    @Option(
            names = "--bound",
            paramLabel = "X",
            defaultValue = "1e-5",
            description =
                    "How far a point may be off: ||A - B|| / ||A||; 0 asks for the same values. Default: ${DEFAULT-VALUE}.")
    private double bound;

    @Mixin
    private final JsonArgument json = new JsonArgument();

    DiffCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (!(bound >= 0)) {
            throw new IllegalArgumentException("--bound: expected 0 or more, got " + bound);
        }
        try (Dump a = Dump.open(first);
                Dump b = Dump.open(second)) {
            DumpDiff diff = DumpDiff.of(a, b, point -> bound);
            if (json.given()) {
                Json.print(shell, json(diff));
            } else {
                print(diff);
            }
            return diff.beyond().isPresent() ? ExitCode.SOFTWARE : ExitCode.OK;
        }
    }

    private void print(DumpDiff diff) {
        Style style = shell.style();
        Table table = new Table(style)
                .text("point", style::bold)
                .number("max |A-B|")
                .number("relative")
                .number("cosine")
                .text("", style::accent);
        for (PointDifference difference : diff.compared()) {
            table.row(
                    difference.point().name(),
                    scientific(difference.maxAbsolute()),
                    scientific(difference.relative()),
                    String.format(Locale.ROOT, "%.9f", difference.cosine()),
                    difference.maxAbsolute() == 0 ? "the same" : "");
        }
        table.print(shell.out());
        shell.out().println();
        printMissing(first, diff.onlyInFirst());
        printMissing(second, diff.onlyInSecond());
        shell.out()
                .println(diff.beyond()
                        .map(this::parting)
                        .orElseGet(() -> Figures.counted(diff.compared().size(), "point") + " within " + bound));
    }

    private void printMissing(Path file, Collection<HookPoint> points) {
        if (!points.isEmpty()) {
            shell.out()
                    .println("only in " + file + ": "
                            + points.stream().map(HookPoint::name).collect(Collectors.joining(", ")));
        }
    }

    private String parting(PointDifference difference) {
        return "They part at %s: relative %s, bound %s; worst at %s: %s and %s"
                .formatted(
                        difference.point(),
                        scientific(difference.relative()),
                        bound,
                        difference.worst(),
                        difference.first(),
                        difference.second());
    }

    private static String scientific(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.2e", value);
    }

    private ObjectNode json(DumpDiff diff) {
        ObjectNode report = Json.object()
                .put("a", first.toString())
                .put("b", second.toString())
                .put("bound", bound)
                .put("within", diff.beyond().isEmpty());
        diff.beyond()
                .ifPresentOrElse(
                        beyond -> report.put("parts_at", beyond.point().name()), () -> report.putNull("parts_at"));
        ArrayNode points = report.putArray("points");
        diff.compared().forEach(difference -> points.add(json(difference)));
        report.set("only_in_a", names(diff.onlyInFirst()));
        report.set("only_in_b", names(diff.onlyInSecond()));
        return report;
    }

    private static ArrayNode names(Collection<HookPoint> points) {
        return Json.texts(points.stream().map(HookPoint::name).toList());
    }

    private static ObjectNode json(PointDifference difference) {
        ObjectNode node = Json.object().put("name", difference.point().name());
        Json.putFinite(node, "max_abs", difference.maxAbsolute());
        Json.putFinite(node, "relative", difference.relative());
        Json.putFinite(node, "cosine", difference.cosine());
        node.set("worst", Json.numbers(difference.worst()));
        Json.putFinite(node, "a", difference.first());
        Json.putFinite(node, "b", difference.second());
        return node;
    }
}
