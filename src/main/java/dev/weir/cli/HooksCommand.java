package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.checkpoint.Checkpoint;
import dev.weir.checkpoint.ModelSource;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.TraceLayout;
import dev.weir.model.ModelConfig;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What can be seen of a model, and what it would take to keep it. */
@Command(
        name = "hooks",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Lists the hook points of a model with shapes and bytes.",
        description = {
            "In the order in which a forward pass reaches them.",
            "B sequences, P positions, D width, H heads, Hkv heads of keys and values, dh head width, Q queries,",
            "K keys, M MLP width, V vocabulary."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir hooks",
            "  weir hooks --each",
            "  weir hooks --hooks resid_post,pattern --positions 1024 --batch 8",
            "  weir hooks --hooks \"blocks.{0..3}.attn.*\" --json"
        })
final class HooksCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final ModelFolder folder = new ModelFolder();

    @Option(
            names = "--hooks",
            paramLabel = "SELECTORS",
            description = "Only these points: names, globs or short forms, joined by commas.")
    private Optional<String> hooks = Optional.empty();

    @Option(
            names = "--positions",
            paramLabel = "P",
            description = "Positions of a sequence. Default: the model's context.")
    private Optional<Integer> positions = Optional.empty();

    @Option(names = "--batch", paramLabel = "B", description = "Sequences. Default: 1.")
    private Optional<Integer> batch = Optional.empty();

    @Option(
            names = "--trace-dtype",
            paramLabel = "TYPE",
            converter = DTypeConverter.class,
            description = "How values would be stored. Default: float32.")
    private DType type = DType.FLOAT32;

    @Option(names = "--each", description = "A line for each point, not for each kind of point.")
    private boolean each;

    @Mixin
    private final JsonArgument json = new JsonArgument();

    HooksCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        try (ModelSource source = Checkpoint.open(folder.find(shell))) {
            ModelConfig config = source.config();
            List<HookPoint> points = HookPoint.all(config.layers());
            Hooks selected =
                    hooks.map(selectors -> Hooks.select(selectors, points)).orElseGet(() -> Hooks.tap(points));
            var layout = new TraceLayout(
                    selected.taps(),
                    config.dimensions(),
                    requirePositive("--batch", batch.orElse(1)),
                    positions(config),
                    type);
            if (json.given()) {
                Json.print(shell, json(source.name(), layout));
            } else {
                print(source.name(), layout);
            }
        }
        return ExitCode.OK;
    }

    private int positions(ModelConfig config) {
        int asked = requirePositive("--positions", positions.orElse(config.context()));
        if (asked > config.context()) {
            throw new IllegalArgumentException(
                    "--positions: expected at most " + config.context() + ", the model's context, got " + asked);
        }
        return asked;
    }

    private static int requirePositive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": expected above zero, got " + value);
        }
        return value;
    }

    private void print(String model, TraceLayout layout) {
        Style style = shell.style();
        shell.out()
                .println(style.bold(model)
                        + style.dim("   %s of %s, %s"
                                .formatted(
                                        Figures.counted(layout.sequences(), "sequence"),
                                        Figures.counted(layout.length(), "position"),
                                        layout.type().label())));
        shell.out().println();
        Table table = sized() ? sizes(layout) : meanings(layout);
        table.print(shell.out());
        shell.out().println();
        List<HookPoint> counted = counted(layout);
        shell.out()
                .println(style.bold("%s, %s"
                                .formatted(
                                        Figures.counted(counted.size(), "point"),
                                        Figures.bytes(bytes(layout, counted))))
                        + style.dim("   %s bytes exactly".formatted(Figures.count(bytes(layout, counted)))));
    }

    /** Whether somebody wants to know what a trace would take. */
    private boolean sized() {
        return positions.isPresent() || batch.isPresent();
    }

    private Table meanings(TraceLayout layout) {
        Table table = new Table(shell.style())
                .text("point", shell.style()::bold)
                .text("shape", shell.style()::accent)
                .number("a position")
                .text("what is seen");
        for (PointGroup group : groups(layout)) {
            Site site = group.points().getFirst().site();
            table.row(
                    group.name(),
                    symbols(site),
                    Figures.bytes(bytesPerPosition(layout, group.points().getFirst())),
                    site.meaning() + (site.onRequestOnly() ? " (on request)" : ""));
        }
        return table;
    }

    private Table sizes(TraceLayout layout) {
        Table table = new Table(shell.style())
                .text("point", shell.style()::bold)
                .text("shape", shell.style()::accent)
                .text("here", shell.style()::accent)
                .number("a position")
                .number("in all");
        for (PointGroup group : groups(layout)) {
            HookPoint first = group.points().getFirst();
            table.row(
                    group.name(),
                    symbols(first.site()),
                    shape(layout.shape(first)),
                    Figures.bytes(bytesPerPosition(layout, first)),
                    Figures.bytes(bytes(layout, group.points())));
        }
        return table;
    }

    private List<PointGroup> groups(TraceLayout layout) {
        return each ? PointGroup.ofEach(layout) : PointGroup.ofKinds(layout);
    }

    /** What a pass always has; what is on request counts only when it was requested. */
    private List<HookPoint> counted(TraceLayout layout) {
        return layout.taps().keySet().stream()
                .filter(point -> hooks.isPresent() || !point.site().onRequestOnly())
                .toList();
    }

    private static long bytes(TraceLayout layout, List<HookPoint> points) {
        return points.stream().mapToLong(layout::bytes).sum();
    }

    private static long bytesPerPosition(TraceLayout layout, HookPoint point) {
        return layout.dimensions().elements(point.site(), 1, 1, layout.length())
                * layout.type().bytes();
    }

    private static String symbols(Site site) {
        return switch (site.form()) {
            case WIDTH -> "[B,P,D]";
            case ONE -> "[B,P,1]";
            case HEADS -> "[B,P,H,dh]";
            case KEY_HEADS -> "[B,P,Hkv,dh]";
            case HEADS_BY_WIDTH -> "[B,P,H,D]";
            case SQUARE -> "[B,H,Q,K]";
            case HIDDEN -> "[B,P,M]";
            case VOCABULARY -> "[B,P,V]";
        };
    }

    private static String shape(List<Integer> shape) {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
    }

    private ObjectNode json(String model, TraceLayout layout) {
        ObjectNode report = Json.object();
        report.put("model", model)
                .put("batch", layout.sequences())
                .put("positions", layout.length())
                .put("dtype", layout.type().label());
        ArrayNode points = report.putArray("points");
        for (HookPoint point : layout.taps().keySet()) {
            ObjectNode node = points.addObject().put("name", point.name());
            node.put("form", symbols(point.site()));
            node.set("shape", Json.numbers(layout.shape(point)));
            node.put("bytes_per_position", bytesPerPosition(layout, point))
                    .put("bytes", layout.bytes(point))
                    .put("meaning", point.site().meaning())
                    .put("on_request", point.site().onRequestOnly());
        }
        List<HookPoint> counted = counted(layout);
        return report.put("total_points", counted.size()).put("total_bytes", bytes(layout, counted));
    }
}
