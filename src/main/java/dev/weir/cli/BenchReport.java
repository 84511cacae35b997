package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.bench.Limits;
import dev.weir.bench.Phase;
import dev.weir.bench.Provenance;
import dev.weir.bench.Result;
import dev.weir.bench.Sample;
import dev.weir.bench.Workload;
import dev.weir.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What was measured, in the formats of {@link BenchOutput}.
 *
 * @param command that measured it
 * @param runs at least one, of the same model
 */
record BenchReport(String command, int repeat, List<Run> runs) {

    /**
     * One opening of the model.
     *
     * @param machine as the backend describes it
     * @param threads of the CPU
     * @param graphs whether steps were captured graphs; the empty text on the CPU
     */
    record Run(String model, DType dtype, String machine, int threads, String graphs, List<Result> results) {

        /** The same workload watched in the way that was named first, if this was watched in another. */
        Optional<Result> reference(Result result) {
            Workload workload = result.what().workload();
            return results.stream()
                    .filter(other -> other.what().workload().equals(workload))
                    .findFirst()
                    .filter(other -> !other.equals(result));
        }

        OptionalDouble ratio(Result result) {
            return reference(result).stream().mapToDouble(result::ratio).findFirst();
        }

        Limits limits() {
            return results.getFirst().limits();
        }
    }

    private enum Kind {
        /** Of the machine; shown where it varies. */
        MACHINE,
        WORD,
        NUMBER
    }

    /** A column of the tables. */
    private record Column(String head, Kind kind, Cell cell) {}

    private static final List<Column> COLUMNS = List.of(
            new Column("dtype", Kind.MACHINE, (run, result) -> run.dtype.label()),
            new Column("threads", Kind.MACHINE, (run, result) -> String.valueOf(run.threads)),
            new Column("graphs", Kind.MACHINE, (run, result) -> run.graphs),
            new Column("trace", Kind.WORD, (run, result) -> result.what()
                    .watching()
                    .label()),
            new Column(
                    "test", Kind.WORD, (run, result) -> result.what().workload().name()),
            new Column(
                    "tokens/s",
                    Kind.NUMBER,
                    (run, result) -> Figures.six(result.sample().median())),
            new Column(
                    "min",
                    Kind.NUMBER,
                    (run, result) -> Figures.six(result.sample().min())),
            new Column(
                    "max",
                    Kind.NUMBER,
                    (run, result) -> Figures.six(result.sample().max())),
            new Column("of limit", Kind.NUMBER, (run, result) -> percent(result.share())),
            new Column("to first", Kind.NUMBER, (run, result) -> ratio(run.ratio(result))));

    private static String percent(OptionalDouble share) {
        return share.isPresent() ? Figures.percent(share.getAsDouble()) : "";
    }

    private static String ratio(OptionalDouble ratio) {
        return ratio.isPresent() ? String.format(Locale.ROOT, "%.3f", ratio.getAsDouble()) : "";
    }

    private interface Cell {
        String of(Run run, Result result);
    }

    void print(Shell shell, BenchOutput format) {
        switch (format) {
            case TEXT -> text(shell);
            case MD -> shell.out().print(markdown());
            case CSV -> shell.out().print(csv());
            case JSON -> Json.print(shell, json());
            case JSONL -> shell.out().print(lines(shell));
        }
    }

    private void text(Shell shell) {
        Run first = runs.getFirst();
        shell.out()
                .println("%s, %s, %s"
                        .formatted(
                                first.model,
                                runs.stream()
                                        .map(run -> run.dtype.label())
                                        .distinct()
                                        .collect(Collectors.joining(", ")),
                                runs.stream().map(Run::machine).distinct().collect(Collectors.joining("; "))));
        runs.stream().map(BenchReport::limits).distinct().forEach(shell.out()::println);
        shell.out().println();
        List<Column> columns = shown();
        var table = new Table(shell.style());
        columns.forEach(column -> {
            if (column.kind == Kind.NUMBER) {
                table.number(column.head);
            } else {
                table.text(column.head);
            }
        });
        each((run, result) ->
                table.row(columns.stream().map(c -> c.cell.of(run, result)).toList()));
        table.print(shell.out());
    }

    /** Without the machine's columns in which nothing varies, and those that nothing fills. */
    private List<Column> shown() {
        return COLUMNS.stream().filter(this::isShown).toList();
    }

    private boolean isShown(Column column) {
        List<String> cells = cells(column);
        return column.kind == Kind.MACHINE
                ? cells.stream().distinct().count() > 1
                : cells.stream().anyMatch(cell -> !cell.isEmpty());
    }

    private List<String> cells(Column column) {
        var cells = new ArrayList<String>();
        each((run, result) -> cells.add(column.cell.of(run, result)));
        return cells;
    }

    private interface Visitor {
        void see(Run run, Result result);
    }

    private void each(Visitor visitor) {
        runs.forEach(run -> run.results.forEach(result -> visitor.see(run, result)));
    }

    private static String limits(Run run) {
        Limits limits = run.limits();
        return limits.gigaflops().isPresent()
                ? String.format(
                        Locale.ROOT,
                        "limits measured in this run: %.1f GB/s read, %.0f GFLOP/s, %s",
                        limits.gigabytes(),
                        limits.gigaflops().getAsDouble(),
                        Figures.counted(run.threads, "thread"))
                : String.format(
                        Locale.ROOT,
                        "limit measured in this run: %.1f GB/s copied within the GPU; none of multiply-adds",
                        limits.gigabytes());
    }

    private String markdown() {
        List<Column> columns = shown();
        var text = new StringBuilder();
        text.append(markdown(columns, column -> column.head));
        text.append(markdown(columns, column -> column.kind == Kind.NUMBER ? "---:" : "---"));
        each((run, result) -> text.append(markdown(columns, column -> column.cell.of(run, result))));
        return text.toString();
    }

    private static String markdown(List<Column> columns, Function<Column, String> cell) {
        return columns.stream().map(cell).collect(Collectors.joining(" | ", "| ", " |\n"));
    }

    /** Every field of every figure; texts are quoted. */
    private String csv() {
        var text = new StringBuilder();
        each((run, result) -> {
            ObjectNode figure = figure(run, result);
            if (text.isEmpty()) {
                figure.fieldNames().forEachRemaining(name -> text.append(text.isEmpty() ? "" : ",")
                        .append(name));
                text.append('\n');
            }
            text.append(figure.properties().stream()
                            .map(field -> field.getValue().isNull()
                                    ? ""
                                    : field.getValue().toString())
                            .collect(Collectors.joining(",")))
                    .append('\n');
        });
        return text.toString();
    }

    private ObjectNode json() {
        ObjectNode object = Json.object();
        object.put("model", runs.getFirst().model);
        object.put("repeat", repeat);
        ArrayNode figures = object.putArray("results");
        each((run, result) -> figures.add(figure(run, result)));
        return object;
    }

    /** Lines for {@code bench/results}. */
    String lines(Shell shell) {
        var provenance = Provenance.of(shell.home().orElse(Path.of("")), shell.environment());
        var text = new StringBuilder();
        each((run, result) -> {
            ObjectNode line = Json.object()
                    .put("when", provenance.when())
                    .put("commit", provenance.commit())
                    .put("machine", provenance.machine())
                    .put("java", provenance.java());
            line.put("command", command);
            line.put(
                    "case",
                    run.model + " " + run.dtype.label() + " "
                            + result.what().workload().name());
            line.put("engine", "weir");
            line.setAll(figure(run, result));
            text.append(line).append('\n');
        });
        return text.toString();
    }

    private static ObjectNode figure(Run run, Result result) {
        Workload workload = result.what().workload();
        Sample sample = result.sample();
        ObjectNode figure = Json.object();
        figure.put("model", run.model);
        figure.put("dtype", run.dtype.label());
        figure.put("device", run.machine);
        figure.put("threads", run.threads);
        figure.put("graphs", run.graphs);
        figure.put("trace", result.what().watching().label());
        figure.put("test", workload.phase().label());
        figure.put("tokens", workload.tokens());
        figure.put("depth", workload.depth());
        figure.put("batch", workload.sequences());
        figure.put("median", sample.median());
        figure.put("min", sample.min());
        figure.put("max", sample.max());
        figure.put("unit", "tokens/s");
        Json.putFinite(figure, "share_of_limit", result.share().orElse(Double.NaN));
        Json.putFinite(figure, "ratio_to_first_trace", run.ratio(result).orElse(Double.NaN));
        figure.put("cost_per_token", result.cost());
        figure.put("cost_unit", workload.phase() == Phase.PREFILL ? "operations" : "bytes");
        Json.putFinite(figure, "read_gigabytes_per_second", result.limits().gigabytes());
        Json.putFinite(figure, "gigaflops", result.limits().gigaflops().orElse(Double.NaN));
        return figure;
    }
}
