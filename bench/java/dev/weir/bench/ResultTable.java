package dev.weir.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.function.Function;

/** Lines of results as a table of Markdown, with the machine above it and the commands below. */
final class ResultTable {

    private static final String NO_FIGURE = "";

    private final String corner;
    private final SequencedSet<String> columns = new LinkedHashSet<>();
    private final SequencedMap<String, Map<String, String>> rows = new LinkedHashMap<>();

    private ResultTable(String corner) {
        this.corner = corner;
    }

    /** A row for each case, a column for each way of tracing: tokens per second and the share of the limit. */
    static String ofTraces(List<JsonNode> lines) {
        var table = new ResultTable("tokens/s (share of limit)");
        for (JsonNode line : lines) {
            String trace = text(line, "trace");
            table.put(name(line), trace.equals("off") ? "not traced" : trace + " traced", withShare(line));
        }
        return table.text(lines);
    }

    /** A row for each case, a column for each engine: tokens per second, and how much faster Weir is. */
    static String ofEngines(List<JsonNode> lines) {
        var table = new ResultTable(text(lines.getFirst(), "unit"));
        for (JsonNode line : lines) {
            boolean isOurs = text(line, "engine").equals("weir");
            String figure = isOurs
                    ? withShare(line)
                    : rate(line)
                            + (line.path("weir_over_this").isNumber()
                                    ? String.format(
                                            Locale.ROOT,
                                            " (**%.2f**)",
                                            line.path("weir_over_this").doubleValue())
                                    : NO_FIGURE);
            table.put(
                    name(line), isOurs ? "Weir (share of limit)" : text(line, "engine") + " (Weir is x times)", figure);
        }
        return table.text(lines);
    }

    /** A row for each case of any unit. */
    static String ofFigures(List<JsonNode> lines) {
        var table = new ResultTable("what");
        for (JsonNode line : lines) {
            String row = text(line, "case");
            table.put(row, "median", number(line, "median"));
            table.put(row, "min", number(line, "min"));
            table.put(row, "max", number(line, "max"));
            table.put(row, "unit", text(line, "unit"));
        }
        return table.text(lines);
    }

    private void put(String row, String column, String cell) {
        columns.add(column);
        rows.computeIfAbsent(row, r -> new LinkedHashMap<>()).put(column, cell);
    }

    private String text(List<JsonNode> lines) {
        var text = new StringBuilder();
        text.append(distinct(lines, ResultTable::provenance, "\n")).append("\n\n");
        text.append("| ")
                .append(corner)
                .append(" | ")
                .append(String.join(" | ", columns))
                .append(" |\n|---|");
        text.append("---:|".repeat(columns.size())).append('\n');
        rows.forEach((name, cells) -> {
            text.append("| ").append(name).append(" |");
            columns.forEach(column -> text.append(' ')
                    .append(cells.getOrDefault(column, NO_FIGURE))
                    .append(" |"));
            text.append('\n');
        });
        text.append("\n    ").append(distinct(lines, line -> text(line, "command"), "\n    "));
        return text.append('\n').toString();
    }

    private static String distinct(List<JsonNode> lines, Function<JsonNode, String> what, String between) {
        return String.join(between, lines.stream().map(what).distinct().toList());
    }

    private static String provenance(JsonNode line) {
        String java = line.path("java").asText(NO_FIGURE);
        return text(line, "when") + ", commit " + text(line, "commit") + ", " + text(line, "machine")
                + (java.isEmpty() ? NO_FIGURE : ", JDK " + java) + ".";
    }

    private static String name(JsonNode line) {
        int threads = line.path("threads").intValue();
        return text(line, "case")
                + (threads == 0 ? NO_FIGURE : threads == 1 ? ", 1 thread" : ", " + threads + " threads");
    }

    private static String withShare(JsonNode line) {
        JsonNode share = line.path("share_of_limit");
        return rate(line) + (share.isNumber() ? " (" + Math.round(100 * share.doubleValue()) + " %)" : NO_FIGURE);
    }

    private static String rate(JsonNode line) {
        return number(line, "median");
    }

    private static String number(JsonNode line, String field) {
        double value = line.path(field).doubleValue();
        return !line.path(field).isNumber()
                ? NO_FIGURE
                : String.format(Locale.ROOT, value < 100 ? "%.1f" : "%,.0f", value);
    }

    private static String text(JsonNode line, String field) {
        return line.path(field).asText(NO_FIGURE);
    }
}
