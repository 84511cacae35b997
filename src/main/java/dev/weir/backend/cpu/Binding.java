package dev.weir.backend.cpu;

import dev.weir.backend.Logits;
import dev.weir.backend.cpu.Kernels.Normalization;
import dev.weir.hook.Rows;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.program.Step;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Turns the ops of a plan into stages: every tensor is looked up here, once, and never while a step runs. */
final class Binding {

    private final Plan plan;
    private final Workers workers;
    private final CpuWeights weights;
    private final CpuWorkspace workspace;
    private final StepRows step;
    private final Set<Tensor> logits;

    Binding(Plan plan, Workers workers, CpuWeights weights, CpuWorkspace workspace, StepRows step) {
        this.plan = plan;
        this.workers = workers;
        this.weights = weights;
        this.workspace = workspace;
        this.step = step;
        logits = Logits.of(plan);
    }

    Stream<Stage> stages(Step part) {
        return switch (part) {
            case Step.Device device -> device.ops().stream().map(this::stage);
            case Step.Host host ->
                Stream.of(new HostStage(
                        step,
                        host.point(),
                        host.function(),
                        value(host.x()),
                        host.x().rows(),
                        host.x().columns(),
                        value(host.out())));
        };
    }

    private Stage stage(Op op) {
        return switch (op) {
            case Op.Embed o -> embed(o);
            case Op.Add o -> add(o);
            case Op.LayerNorm o -> layerNorm(o);
            case Op.AddLayerNorm o -> addLayerNorm(o);
            case Op.Linear o -> linear(List.of(o), List.of(result(o)));
            case Op.LinearActivate o -> linear(List.of(o.linear()), List.of(result(o)));
            case Op.LinearGroup o ->
                linear(o.linears(), o.linears().stream().map(this::result).toList());
            case Op.Activate o -> activate(o);
            case Op.Append o -> new AppendStage(workers, step, workspace.cache(o.cache()), value(o.x()));
            case Op.Attention o -> attention(o);
            case Op.AttentionScores o -> attentionScores(o);
            case Op.AttentionPattern o -> attentionPattern(o);
            case Op.AttentionMix o -> attentionMix(o);
            case Op.HeadResults o -> headResults(o);
            case Op.SelectRows o ->
                new SelectStage(step, value(o.x()), value(o.out()), o.out().columns());
            case Op.Sample o -> sample(o);
            case Op.Edited o -> edit(o);
            case Op.Hook o -> throw new IllegalArgumentException("plan: expected no hook to run, got " + o);
        };
    }

    private Stage embed(Op.Embed o) {
        return new EmbedStage(
                workers, step, weights.table(o.table()), o.table().columns(), ids(o.ids()), value(o.out()));
    }

    /** A stage of so many items that take so long each. */
    private Stage shared(int items, double itemNanos, Workers.Body body) {
        return () -> workers.run(items, itemNanos, body);
    }

    private Function<Rows, int[]> ids(Tensor input) {
        if (input.id() == plan.inputs().tokens().id()) {
            return Rows::tokens;
        }
        if (input.id() == plan.inputs().positions().id()) {
            return Rows::positions;
        }
        throw new IllegalArgumentException("plan: expected tokens or positions to embed, got " + input);
    }

    private Stage add(Op.Add o) {
        Window a = value(o.a());
        Window b = value(o.b());
        Window out = value(o.out());
        int columns = o.out().columns();
        return shared(o.out().rows(), Costs.copy(columns), (worker, from, to) -> worker.kernels()
                .add(a, b, from, to, columns, out));
    }

    private Stage layerNorm(Op.LayerNorm o) {
        Window x = value(o.x());
        Normalization norm = normalization(o);
        int columns = o.x().columns();
        return shared(o.x().rows(), Costs.transform(columns), (worker, from, to) -> worker.kernels()
                .normalize(norm, x, from, to, columns));
    }

    private Stage addLayerNorm(Op.AddLayerNorm o) {
        Window a = value(o.add().a());
        Window b = value(o.add().b());
        Window sum = value(o.add().out());
        Normalization norm = normalization(o.norm());
        int columns = o.add().out().columns();
        return shared(o.add().out().rows(), Costs.transform(columns), (worker, from, to) -> {
            for (int r = from; r < to; r++) {
                worker.kernels().add(a, b, r, r + 1, columns, sum);
                worker.kernels().normalize(norm, sum, r, r + 1, columns);
            }
        });
    }

    private Normalization normalization(Op.LayerNorm o) {
        return new Normalization(
                weights.vector(o.weight()),
                weights.vector(o.bias()),
                o.epsilon(),
                value(o.out()),
                aside(o.scale()),
                aside(o.normalized()));
    }

    /** What becomes of a product. */
    private record Result(@Nullable Window bias, Window out, LinearStage.@Nullable Then then) {}

    /** By the library that the machine was given, if it takes them, and else by our kernels. */
    private Stage linear(List<Op.Linear> linears, List<Result> results) {
        Window x = value(linears.getFirst().x());
        int rows = linears.getFirst().x().rows();
        Optional<MatrixLibrary> library = library(linears, rows);
        if (library.isPresent()) {
            return new LibraryLinearStage(workers, x, rows, each(linears, results, (o, to) -> {
                LibraryMatrix matrix = weights.matrix(o.weight(), library.get());
                return new LibraryLinearStage.Product(matrix, to.bias(), to.out(), to.then());
            }));
        }
        return new LinearStage(workers, x, rows, each(linears, results, (o, to) -> {
            Panels matrix = weights.matrix(o.weight());
            return new LinearStage.Product(matrix, to.bias(), to.out(), to.then());
        }));
    }

    private static <P> List<P> each(
            List<Op.Linear> linears, List<Result> results, BiFunction<Op.Linear, Result, P> product) {
        return IntStream.range(0, linears.size())
                .mapToObj(i -> product.apply(linears.get(i), results.get(i)))
                .toList();
    }

    /** Logits are not for it: whoever looks at them has more of them made, and may change no bit of them. */
    private Optional<MatrixLibrary> library(List<Op.Linear> linears, int rows) {
        if (Logits.madeBy(linears, logits)) {
            return Optional.empty();
        }
        return workers.library(rows, linears.getFirst().weight().type());
    }

    private Result result(Op.Linear o) {
        return new Result(bias(o), value(o.out()), null);
    }

    /** Where nobody looks at the values before the function, they are changed in place. */
    private Result result(Op.LinearActivate o) {
        Window out = value(o.activate().out());
        Window before = aside(o.linear().out());
        return new Result(
                bias(o.linear()),
                before == null ? out : before,
                new LinearStage.Then(o.activate().function(), out));
    }

    private @Nullable Window bias(Op.Linear o) {
        return o.bias().map(weights::vector).orElse(null);
    }

    private Stage activate(Op.Activate o) {
        Window x = value(o.x());
        Window out = value(o.out());
        int columns = o.out().columns();
        return shared(o.out().rows(), Costs.transform(columns), (worker, from, to) -> worker.kernels()
                .activate(o.function(), x, from, to, 0, columns, out));
    }

    private Stage attention(Op.Attention o) {
        int shownKeys = o.scores().columns() / o.heads();
        Window scores = aside(o.scores());
        Window pattern = aside(o.pattern());
        return new AttentionStage(
                workers,
                step,
                o.scale(),
                new KeyProducts(step, workspace.cache(o.keys()), value(o.q())),
                Mixture.of(step, workspace.cache(o.values()), value(o.z())),
                scores == null ? null : ShownKeys.scores(scores, o.heads(), shownKeys),
                pattern == null ? null : ShownKeys.pattern(pattern, o.heads(), shownKeys));
    }

    private Stage attentionScores(Op.AttentionScores o) {
        return new AttentionScoresStage(
                workers,
                step,
                o.scale(),
                new KeyProducts(step, workspace.cache(o.keys()), value(o.q())),
                ShownKeys.scores(value(o.scores()), o.heads(), o.shownKeys()));
    }

    private Stage attentionPattern(Op.AttentionPattern o) {
        return new AttentionPatternStage(
                workers,
                step,
                o.heads(),
                ShownKeys.scores(value(o.scores()), o.heads(), o.shownKeys()),
                ShownKeys.pattern(value(o.pattern()), o.heads(), o.shownKeys()));
    }

    private Stage attentionMix(Op.AttentionMix o) {
        return new AttentionMixStage(
                workers,
                step,
                o.heads(),
                o.headWidth(),
                o.shownKeys(),
                value(o.pattern()),
                Mixture.of(step, workspace.cache(o.values()), value(o.z())));
    }

    private Stage headResults(Op.HeadResults o) {
        Window z = value(o.z());
        Panels weight = weights.matrix(o.weight());
        int rowCount = o.z().rows();
        int headWidth = o.weight().rows() / o.heads();
        int columns = o.weight().columns();
        List<Panels> parts = IntStream.range(0, o.heads())
                .mapToObj(head -> weight.depths(head * headWidth, (head + 1) * headWidth))
                .toList();
        Window out = value(o.out());
        List<Window> results = IntStream.range(0, o.heads())
                .mapToObj(head -> out.from(0, (long) head * columns))
                .toList();
        double itemNanos = Costs.multiply(weight, rowCount, weight.count()) / o.heads();
        return shared(o.heads(), itemNanos, (worker, from, to) -> {
            for (int head = from; head < to; head++) {
                RowTiles x = worker.rowTiles(z, 0, head * headWidth, rowCount, headWidth);
                Kernels kernels = worker.kernels();
                kernels.multiply(x, 0, x.count(), parts.get(head), 0, columns, results.get(head), 0, false);
            }
        });
    }

    private Stage sample(Op.Sample o) {
        return new SampleStage(
                workers,
                step,
                value(o.logits()),
                o.logits().columns(),
                workspace.values(o.samplers()),
                workspace.values(o.seen()),
                workspace.values(o.biases()),
                integers(o.chosen()));
    }

    private Stage edit(Op.Edited o) {
        return new EditStage(
                workers,
                step,
                RowChange.of(o, workspace),
                workspace.values(o.controls()),
                value(o.x()),
                o.x().columns(),
                o.groups(),
                value(o.out()));
    }

    /** The memory of a value that the plan must have placed. */
    private Window value(Tensor value) {
        Window window = aside(value);
        if (window == null) {
            throw new IllegalArgumentException("plan: expected a place for " + value);
        }
        return window;
    }

    /** The memory of an int32 value. */
    private MemorySegment integers(Tensor value) {
        Window window = value(value);
        return window.data().asSlice(window.offset(), value.bytes());
    }

    /** The memory of a value that is written only where somebody looks. */
    private @Nullable Window aside(Tensor value) {
        return plan.place(value)
                .map(place -> new Window(workspace.slab(place.slab()).memory(), place.offset(), value.columns()))
                .orElse(null);
    }
}
