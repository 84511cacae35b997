package dev.weir.bench.gpuhost;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** Prints the lines of one or several runs as tables: limits, parity, and every case with ratios and shares of its limit. */
final class Summary {

    /** What all others of a case are compared with. */
    private static final String OURS = "weir";

    private final List<JsonNode> lines;
    private final PrintStream out;

    private Summary(List<JsonNode> lines, PrintStream out) {
        this.lines = lines;
        this.out = out;
    }

    /** Arguments: files of lines. */
    public static void main(String[] arguments) throws IOException {
        List<JsonNode> lines = Lines.read(Arrays.stream(arguments).map(Path::of).toList());
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        var summary = new Summary(lines, out);
        summary.parity();
        summary.logits();
        summary.limits();
        summary.speed();
    }

    private List<JsonNode> ofUnit(String unit) {
        return lines.stream()
                .filter(line -> line.path("unit").asText().equals(unit))
                .toList();
    }

    private void table(String title, String header, List<String> rows) {
        if (rows.isEmpty()) {
            return;
        }
        out.printf("%n%s%n%n| %s |%n|%s%n", title, header, "---|".repeat(header.split("\\|").length));
        rows.forEach(row -> out.println("| " + row + " |"));
    }

    private void parity() {
        table(
                "Parity with transformers in float64, every hook point: the worst share of the bound of docs/numerics.md",
                "model | machine | points | worst point | of its bound | same bits as the CPU",
                ofUnit("share of bound").stream()
                        .map(line -> String.join(
                                " | ",
                                line.get("case").asText(),
                                line.get("engine").asText(),
                                line.get("points").asText(),
                                line.get("worst_point").asText(),
                                percent(line.get("median").doubleValue()),
                                line.get("same_bits").asText()))
                        .toList());
    }

    private void logits() {
        table(
                "Logits on the shapes that were timed: relative error against float64",
                "case | engine | its error | transformers' | apart | same largest logit",
                ofUnit("relative error").stream()
                        .map(line -> String.join(
                                " | ",
                                line.get("case").asText(),
                                line.get("engine").asText(),
                                scientific(line.get("median")),
                                scientific(line.get("transformers")),
                                scientific(line.get("apart")),
                                percent(line.get("same_largest").doubleValue())))
                        .toList());
    }

    private void limits() {
        table(
                "Limits, measured in the same run",
                "what | through | median | min | max | unit",
                lines.stream()
                        .filter(line -> isLimit(line.path("case").asText()))
                        .map(line -> String.join(
                                " | ",
                                line.get("case").asText(),
                                line.get("engine").asText(),
                                number(line.get("median").doubleValue()),
                                number(line.get("min").doubleValue()),
                                number(line.get("max").doubleValue()),
                                line.get("unit").asText()))
                        .toList());
    }

    private static boolean isLimit(String name) {
        return name.equals("copy") || name.startsWith("matmul ");
    }

    /** The best median of a limit, if it was measured. */
    private OptionalDouble limit(String name) {
        return lines.stream()
                .filter(line -> line.path("case").asText().equals(name))
                .mapToDouble(line -> line.get("median").doubleValue())
                .max();
    }

    private void speed() {
        Map<String, Map<String, List<JsonNode>>> cases = new LinkedHashMap<>();
        ofUnit("tokens/s")
                .forEach(line -> cases.computeIfAbsent(line.get("case").asText(), c -> new LinkedHashMap<>())
                        .computeIfAbsent(line.get("engine").asText(), e -> new java.util.ArrayList<>())
                        .add(line));
        table(
                "Speed: medians over the rounds; all engines of a case took turns",
                "case | engine | tokens/s | min | max | of limit | weir is faster by",
                cases.entrySet().stream()
                        .flatMap(entry -> rows(entry.getKey(), entry.getValue()).stream())
                        .toList());
    }

    private List<String> rows(String name, Map<String, List<JsonNode>> engines) {
        OptionalDouble ours = engines.containsKey(OURS)
                ? OptionalDouble.of(median(engines.getOrDefault(OURS, List.of())))
                : OptionalDouble.empty();
        OptionalDouble ceiling = ceiling(name, engines);
        return engines.entrySet().stream()
                .map(entry -> {
                    double rate = median(entry.getValue());
                    return String.join(
                            " | ",
                            name,
                            entry.getKey(),
                            number(rate),
                            number(of(entry.getValue(), "min").min().orElseThrow()),
                            number(of(entry.getValue(), "max").max().orElseThrow()),
                            ceiling.isPresent() ? percent(rate / ceiling.getAsDouble()) : "",
                            ours.isPresent() && !entry.getKey().equals(OURS)
                                    ? String.format(Locale.ROOT, "%.2f x", ours.getAsDouble() / rate)
                                    : "");
                })
                .toList();
    }

    /** Tokens per second if nothing but the limit counted: bandwidth for decode, multiply-adds for a prompt. */
    private OptionalDouble ceiling(String name, Map<String, List<JsonNode>> engines) {
        JsonNode line =
                engines.getOrDefault(OURS, List.of()).stream().findFirst().orElse(Lines.MAPPER.createObjectNode());
        if (line.has("bytes_per_token")) {
            double bytes = line.get("bytes_per_token").doubleValue();
            return limit("copy").stream()
                    .map(gigabytes -> gigabytes * 1e9 / bytes)
                    .findFirst();
        }
        if (line.has("operations_per_token")) {
            double operations = line.get("operations_per_token").doubleValue();
            return limit("matmul " + name.split(" ")[1]).stream()
                    .map(teraflops -> teraflops * 1e12 / operations)
                    .findFirst();
        }
        return OptionalDouble.empty();
    }

    private static java.util.stream.DoubleStream of(List<JsonNode> lines, String field) {
        return lines.stream().mapToDouble(line -> line.get(field).doubleValue());
    }

    private static double median(List<JsonNode> lines) {
        double[] sorted = of(lines, "median").sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.4g" : "%.0f", value);
    }

    private static String scientific(JsonNode value) {
        return String.format(Locale.ROOT, "%.2e", value.doubleValue());
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }
}
