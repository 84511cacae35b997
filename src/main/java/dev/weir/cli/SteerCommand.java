package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.lens.StreamPath;
import dev.weir.steering.Activations;
import dev.weir.steering.Contrast;
import dev.weir.steering.Reading;
import dev.weir.steering.SteeringVectors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Vectors that push the stream from what some prompts have in common to what others have. */
@Command(
        name = "steer",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Makes steering vectors from contrasting prompts.",
        description = {
            "Reads positive and negative prompts and keeps, at each point, the direction from the ones to the",
            "others: the difference of their means, or the first principal component of the differences of",
            "pairs. The file serves 'generate --edit resid_post.2:add=FILE*STRENGTH' as it is.",
            "A FILE that ends in .gguf is a control vector of llama.cpp."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir steer --positive happy.jsonl --negative sad.jsonl --out happy.safetensors",
            "  weir steer --positive happy.jsonl --negative sad.jsonl --method component --out happy.gguf",
            "  weir generate \"Once upon a time\" --edit resid_post.2:add=happy.safetensors*2"
        })
final class SteerCommand implements Callable<Integer> {

    private final Shell shell;

    @Option(
            names = "--positive",
            required = true,
            paramLabel = "FILE",
            description =
                    "Prompts that have what is wanted: one {\"prompt\": \"...\"} or {\"token_ids\": [...]} a line.")
    private Path positive = Path.of("");

    @Option(
            names = "--negative",
            required = true,
            paramLabel = "FILE",
            description = "Prompts that have the opposite, line by line the partners of the positive ones.")
    private Path negative = Path.of("");

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(
            names = "--hooks",
            paramLabel = "SELECTORS",
            defaultValue = "resid_post",
            description = "The points. Default: ${DEFAULT-VALUE}.")
    private String hooks = "";

    @Option(
            names = "--at",
            paramLabel = "WHERE",
            defaultValue = "last",
            description =
                    "What speaks for a prompt: last, its last row, or mean, the mean of its rows. Default: ${DEFAULT-VALUE}.")
    private Reading at = Reading.LAST;

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            defaultValue = "mean",
            description = "${COMPLETION-CANDIDATES}: difference of means, or first principal component, one long."
                    + " Default: ${DEFAULT-VALUE}.")
    private Contrast method = Contrast.MEAN_DIFFERENCE;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "Where to write them: safetensors, each under its point's name, or .gguf.")
    private Path out = Path.of("");

    @Mixin
    private final JsonArgument json = new JsonArgument();

    SteerCommand(Shell shell) {
        this.shell = shell;
    }

    /** What is told of one point. */
    private record Row(HookPoint point, double norm, double stream, double separation) {}

    @Override
    public Integer call() throws IOException {
        if (at == Reading.EVERY) {
            throw new IllegalArgumentException("--at: expected last or mean, got " + at);
        }
        List<Prompt> wanted = prompts(positive);
        List<Prompt> opposite = prompts(negative);
        var file = new VectorFile(out);
        try (Weir weir = model.open(shell)) {
            Collection<HookPoint> points = weir.select(hooks).taps().keySet();
            file.requireThatItCanHold(points);
            int rows = rows(weir, wanted) + rows(weir, opposite);
            try (Progress progress = Progress.of(shell, "steer", rows)) {
                var listener = new Live(shell.out(), progress, false);
                Activations some = Activations.of(weir, wanted, points, at, listener);
                Activations others = Activations.of(weir, opposite, points, at, listener);
                SteeringVectors vectors = SteeringVectors.of(method, some, others);
                List<Row> told = told(vectors, some, others);
                file.write(vectors, about(weir, wanted.size(), opposite.size()));
                progress.hide();
                tell(weir, told, file.leavesOut(points));
            }
        }
        return ExitCode.OK;
    }

    private static List<Prompt> prompts(Path file) {
        return PromptFile.read(file).stream().map(PromptLine::unedited).toList();
    }

    private static int rows(Weir weir, List<Prompt> prompts) {
        return prompts.stream().mapToInt(prompt -> weir.encode(prompt).size()).sum();
    }

    private Map<String, String> about(Weir weir, int positives, int negatives) {
        var about = new LinkedHashMap<String, String>();
        about.put("model_name", weir.name());
        about.put("weights_sha256", weir.sha256());
        about.put("weir_version", WeirCommand.version());
        about.put("method", method.toString());
        about.put("at", at.toString());
        about.put("positive_prompts", String.valueOf(positives));
        about.put("negative_prompts", String.valueOf(negatives));
        return about;
    }

    private List<Row> told(SteeringVectors vectors, Activations some, Activations others) {
        var rows = new ArrayList<Row>();
        vectors.vectors().forEach((point, vector) -> {
            var all = new ArrayList<>(some.at(point));
            all.addAll(others.at(point));
            rows.add(new Row(
                    point,
                    StreamPath.norm(vector),
                    all.stream().mapToDouble(StreamPath::norm).average().orElseThrow(),
                    method.heldOutSeparation(some.at(point), others.at(point))));
        });
        return rows;
    }

    private void tell(Weir weir, List<Row> rows, boolean leavesOut) {
        if (json.given()) {
            Json.print(shell, json(weir, rows));
            return;
        }
        Style style = shell.style();
        Table table = new Table(style)
                .text("point", style::bold)
                .number("vector")
                .number("stream")
                .number("held out")
                .beside(false, 10, style::accent);
        for (Row row : rows) {
            table.row(
                    row.point.name(),
                    Figures.six(row.norm),
                    Figures.six(row.stream),
                    Double.isNaN(row.separation) ? "–" : Figures.percent(row.separation),
                    Figures.bar(row.separation, 1, 10));
        }
        table.print(shell.out());
        shell.out().println();
        shell.out()
                .println(
                        style.dim(
                                "vector, stream: norms of the vector and, on average, of the rows it is made of; held out: of pairs"));
        shell.out()
                .println(style.dim("of prompts not used for it, how many it puts in the right order. Chance is 50%."));
        shell.out().flush();
        shell.note("%s in %s".formatted(Figures.counted(rows.size() - (leavesOut ? 1 : 0), "vector"), out));
        if (leavesOut) {
            shell.note("without that of blocks.0.hook_resid_post, for which a control vector has no place");
        }
    }

    private ObjectNode json(Weir weir, List<Row> rows) {
        ObjectNode report = Json.object()
                .put("model", weir.name())
                .put("file", out.toString())
                .put("method", method.toString())
                .put("at", at.toString());
        ArrayNode points = report.putArray("points");
        for (Row row : rows) {
            ObjectNode node = points.addObject().put("name", row.point.name());
            Json.putFinite(node, "norm", row.norm);
            Json.putFinite(node, "stream_norm", row.stream);
            Json.putFinite(node, "held_out_separation", row.separation);
        }
        return report;
    }
}
