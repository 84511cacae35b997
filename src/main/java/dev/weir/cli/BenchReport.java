package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.bench.Benchmark;
import dev.weir.bench.Cost;
import dev.weir.bench.Limits;
import dev.weir.bench.Sample;
import dev.weir.bench.Watching;
import dev.weir.bench.Workload;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.model.ModelConfig;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What was measured, as a table or as JSON.
 *
 * @param runs at least one, of the same model on the same machine
 */
record BenchReport(Workload workload, int repeat, List<Run> runs) {

    /**
     * One opening of the model.
     *
     * @param graphs whether steps were captured graphs; the empty text on the CPU
     */
    record Run(
            String model,
            ModelConfig config,
            DType dtype,
            String machine,
            String graphs,
            Limits limits,
            Map<Watching, Benchmark.Result> results) {

        static Run of(Weir weir, Options options, Limits limits, Map<Watching, Benchmark.Result> results) {
            String graphs = weir.gpu().isEmpty() ? "" : options.cuda().graphs() ? "on" : "off";
            return new Run(weir.name(), weir.config(), weir.dtype(), weir.machine(), graphs, limits, results);
        }
    }

    void print(Shell shell) {
        Run first = runs.getFirst();
        shell.out().println("%s, %s, %s".formatted(first.model, first.dtype.label(), first.machine));
        runs.forEach(run -> shell.out().println(limits(run)));
        shell.out().println();
        var table = new Table(shell.style())
                .text(first.graphs.isEmpty() ? "" : "graphs")
                .text("trace")
                .text("test")
                .number("tokens/s")
                .number("min")
                .number("max")
                .number("of limit");
        for (Run run : runs) {
            run.results.forEach((watching, result) -> {
                result.prefill().ifPresent(s -> row(table, run, watching, prefillName(), s, prefillShare(run, s)));
                result.decode().ifPresent(s -> row(table, run, watching, decodeName(), s, decodeShare(run, s)));
            });
        }
        table.print(shell.out());
    }

    private static String limits(Run run) {
        Limits limits = run.limits;
        return limits.gigaflops().isPresent()
                ? String.format(
                        Locale.ROOT,
                        "limits measured in this run: %.1f GB/s read, %.0f GFLOP/s",
                        limits.gigabytes(),
                        limits.gigaflops().getAsDouble())
                : String.format(
                        Locale.ROOT,
                        "limit measured in this run: %.1f GB/s copied within the GPU; none of multiply-adds",
                        limits.gigabytes());
    }

    private static void row(Table table, Run run, Watching watching, String test, Sample sample, OptionalDouble share) {
        table.row(
                run.graphs,
                watching.label(),
                test,
                Figures.six(sample.median()),
                Figures.six(sample.min()),
                Figures.six(sample.max()),
                share.isPresent() ? Figures.percent(share.getAsDouble()) : "");
    }

    private String prefillName() {
        return "prefill " + workload.promptTokens() + ofBatch();
    }

    private String decodeName() {
        return "decode " + workload.newTokens() + (workload.depth() > 0 ? " at " + workload.depth() : "") + ofBatch();
    }

    private String ofBatch() {
        return workload.sequences() > 1 ? " of " + workload.sequences() : "";
    }

    /** Of one prompt token. */
    private double prefillOperations(Run run) {
        return Cost.ofPrefill(run.config, run.dtype, workload.promptTokens()).operations() / workload.promptTokens();
    }

    /** Of one generated token, half-way. */
    private double decodeBytes(Run run) {
        int middle = workload.depth() + workload.newTokens() / 2;
        return Cost.ofDecode(run.config, run.dtype, middle, workload.sequences())
                        .bytes()
                / workload.sequences();
    }

    private OptionalDouble prefillShare(Run run, Sample sample) {
        OptionalDouble limit = run.limits.gigaflops();
        return limit.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(prefillOperations(run) * sample.median() / (limit.getAsDouble() * 1e9));
    }

    private OptionalDouble decodeShare(Run run, Sample sample) {
        return OptionalDouble.of(decodeBytes(run) * sample.median() / (run.limits.gigabytes() * 1e9));
    }

    ObjectNode json() {
        Run first = runs.getFirst();
        ObjectNode object = Json.object();
        object.put("model", first.model);
        object.put("dtype", first.dtype.label());
        object.put("machine", first.machine);
        object.put("prompt_tokens", workload.promptTokens());
        object.put("new_tokens", workload.newTokens());
        object.put("depth", workload.depth());
        object.put("batch", workload.sequences());
        object.put("repeat", repeat);
        Json.putFinite(object, "read_gigabytes_per_second", first.limits.gigabytes());
        Json.putFinite(object, "gigaflops", first.limits.gigaflops().orElse(Double.NaN));
        ArrayNode figures = object.putArray("results");
        for (Run run : runs) {
            run.results.forEach((watching, result) -> {
                result.prefill()
                        .ifPresent(s -> figures.add(figure(run, watching, "prefill", s, prefillShare(run, s))
                                .put("operations_per_token", prefillOperations(run))));
                result.decode()
                        .ifPresent(s -> figures.add(figure(run, watching, "decode", s, decodeShare(run, s))
                                .put("bytes_per_token", decodeBytes(run))));
            });
        }
        return object;
    }

    private static ObjectNode figure(Run run, Watching watching, String test, Sample sample, OptionalDouble share) {
        ObjectNode figure = Json.object();
        if (!run.graphs.isEmpty()) {
            figure.put("graphs", run.graphs);
        }
        figure.put("trace", watching.label());
        figure.put("test", test);
        figure.put("tokens_per_second", sample.median());
        figure.put("min", sample.min());
        figure.put("max", sample.max());
        Json.putFinite(figure, "share_of_limit", share.orElse(Double.NaN));
        return figure;
    }
}
