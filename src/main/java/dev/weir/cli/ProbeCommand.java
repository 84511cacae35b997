package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.dump.Dump;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.steering.CrossValidation;
import dev.weir.steering.ProbeData;
import dev.weir.steering.ProbeMethod;
import dev.weir.steering.Reading;
import dev.weir.steering.SteeringVectors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What can be read off the stream in a straight line. */
@Command(
        name = "probe",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Trains linear probes on a trace, and tries them on what they have not seen.",
        description = {
            "A probe tells two labels apart by one direction of the stream. For each point of a trace one is",
            "trained, and as many again without a part of the sequences each, on which those are then tried.",
            "The labels may stand in the very file of prompts that was traced."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir trace --prompts stories.jsonl --hooks resid_post@last --out stories.safetensors",
            "  weir probe stories.safetensors --labels stories.jsonl",
            "  weir probe stories.safetensors --labels stories.jsonl --method ridge --out happy.safetensors",
            "  weir generate \"Once upon a time\" --edit resid_post.3:project=happy.safetensors"
        })
final class ProbeCommand implements Callable<Integer> {

    private final Shell shell;

    @Parameters(index = "0", paramLabel = "DUMP", description = "A trace, as 'weir trace --out' writes it.")
    private Path path = Path.of("");

    @Option(
            names = "--labels",
            required = true,
            paramLabel = "FILE",
            description =
                    "For each sequence of the trace a line: {\"label\": \"happy\"}, or {\"labels\": [...]} with one for"
                            + " each row. Other keys are passed over.")
    private Path labels = Path.of("");

    @Option(
            names = "--hooks",
            paramLabel = "SELECTORS",
            description = "Only these points. Default: all of the trace that have a row for each token.")
    private Optional<String> hooks = Optional.empty();

    @Option(
            names = "--at",
            paramLabel = "WHERE",
            defaultValue = "last",
            description = "Which rows of a sequence: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Reading at = Reading.LAST;

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            defaultValue = "logistic",
            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private ProbeMethod method = ProbeMethod.LOGISTIC;

    @Option(
            names = "--l2",
            paramLabel = "X",
            defaultValue = "1",
            description = "The penalty on the weights of standardized columns. Default: ${DEFAULT-VALUE}.")
    private double l2;

    @Option(
            names = "--folds",
            paramLabel = "N",
            defaultValue = "5",
            description = "Parts of the sequences, each held out once. Default: ${DEFAULT-VALUE}.")
    private int folds;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "How the sequences are dealt to the parts. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Write the directions of the probes: safetensors, each under its point's name, or .gguf.")
    private Optional<Path> out = Optional.empty();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    ProbeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        var labelled = LabelFile.read(labels);
        try (Dump dump = Dump.open(path)) {
            Collection<HookPoint> points = points(dump);
            Optional<VectorFile> file = out.map(VectorFile::new);
            file.ifPresent(f -> f.requireThatItCanHold(points));
            var probes = new TreeMap<HookPoint, CrossValidation>();
            double majority = 0;
            for (HookPoint point : points) {
                ProbeData data = ProbeData.of(dump, point, at, labelled.ofSequences(), labelled.positive());
                majority = data.majority();
                probes.put(point, CrossValidation.of(data, method, l2, folds, seed));
            }
            if (file.isPresent()) {
                file.get().write(directions(probes), about(labelled));
            }
            tell(labelled, probes, majority, file.isPresent() && file.get().leavesOut(points));
        }
        return ExitCode.OK;
    }

    private Collection<HookPoint> points(Dump dump) {
        if (hooks.isPresent()) {
            return Hooks.select(hooks.get(), dump.points()).taps().keySet();
        }
        List<HookPoint> points = dump.points().stream()
                .filter(point -> point.site().form() != Site.Form.SQUARE)
                .toList();
        if (points.isEmpty()) {
            throw new IllegalArgumentException(
                    path + ": expected points with a row for each token, got " + dump.points());
        }
        return points;
    }

    private static SteeringVectors directions(Map<HookPoint, CrossValidation> probes) {
        var directions = new TreeMap<HookPoint, float[]>();
        probes.forEach((point, tried) -> directions.put(point, tried.probe().direction()));
        return new SteeringVectors(directions);
    }

    private Map<String, String> about(LabelFile labelled) {
        var about = new LinkedHashMap<String, String>();
        about.put("weir_version", WeirCommand.version());
        about.put("method", method + " probe");
        about.put("at", at.toString());
        about.put("l2", String.valueOf(l2));
        about.put("positive", labelled.positive());
        about.put("negative", labelled.negative());
        return about;
    }

    private void tell(LabelFile labelled, Map<HookPoint, CrossValidation> probes, double majority, boolean leavesOut) {
        if (json.given()) {
            Json.print(shell, json(labelled, probes, majority));
            return;
        }
        Style style = shell.style();
        Table table = new Table(style)
                .text("point", style::bold)
                .number("held out")
                .beside(false, 10, style::accent)
                .number("right")
                .number("fitted");
        probes.forEach((point, tried) -> table.row(
                point.name(),
                percent(tried.accuracy()),
                Figures.bar(tried.accuracy(), 1, 10),
                tried.heldOut() + " of " + tried.rows(),
                percent((double) tried.fitted() / tried.rows())));
        table.print(shell.out());
        shell.out().println();
        shell.out()
                .println(style.dim("'%s' against '%s'; always saying the more frequent one would be right in %s."
                        .formatted(labelled.positive(), labelled.negative(), percent(majority))));
        shell.out()
                .println(
                        style.dim(
                                "held out, right: rows of sequences that a probe had not seen; fitted: rows that it was trained on."));
        shell.out().flush();
        if (out.isPresent()) {
            shell.note(
                    "%s in %s".formatted(Figures.counted(probes.size() - (leavesOut ? 1 : 0), "direction"), out.get()));
        }
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }

    private ObjectNode json(LabelFile labelled, Map<HookPoint, CrossValidation> probes, double majority) {
        ObjectNode report = Json.object()
                .put("dump", path.toString())
                .put("method", method.toString())
                .put("at", at.toString())
                .put("l2", l2)
                .put("folds", folds)
                .put("seed", seed)
                .put("positive", labelled.positive())
                .put("negative", labelled.negative())
                .put("majority", majority);
        ArrayNode points = report.putArray("points");
        probes.forEach((point, tried) -> points.addObject()
                .put("name", point.name())
                .put("held_out", tried.accuracy())
                .put("held_out_right", tried.heldOut())
                .put("fitted_right", tried.fitted())
                .put("rows", tried.rows()));
        return report;
    }
}
