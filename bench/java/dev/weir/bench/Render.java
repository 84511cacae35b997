package dev.weir.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Fills the tables of a page with the newest lines of {@code bench/results}. A table stands between two comments, of which the first
 * says what is in it:
 *
 * <pre>{@code
 * <!-- bench: cpu model=gpt2 -->
 * <!-- bench: end -->
 * }</pre>
 *
 * <p>The word is the kind of table; what follows are fields that a line must have. {@code bench/render} runs this from its source.
 */
final class Render {

    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Pattern TABLE =
            Pattern.compile("(<!-- bench: (?!end)(\\S+)([^>]*?) -->\n).*?(<!-- bench: end -->)", Pattern.DOTALL);

    private Render() {}

    /** Arguments: a folder of results and a page. */
    public static void main(String[] arguments) throws IOException {
        Path page = Path.of(arguments[1]);
        Files.writeString(page, page(Files.readString(page), lines(Path.of(arguments[0]))));
    }

    /** Every line of every file, files by name, lines in their order: of two that measure the same the last counts. */
    static List<JsonNode> lines(Path folder) throws IOException {
        var lines = new ArrayList<JsonNode>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".jsonl")).sorted().toList()) {
                for (String line : Files.readAllLines(file)) {
                    lines.add(MAPPER.readTree(line));
                }
            }
        }
        return lines;
    }

    /** The page with its tables filled; nothing else of it changes. */
    static String page(String text, List<JsonNode> lines) {
        return TABLE.matcher(text)
                .replaceAll(match -> Matcher.quoteReplacement(match.group(1)
                        + table(match.group(2), chosen(lines, match.group(2), match.group(3)))
                        + match.group(4)));
    }

    private static List<JsonNode> chosen(List<JsonNode> lines, String kind, String conditions) {
        Map<String, String> wanted = Stream.of(conditions.strip().split("\\s+"))
                .filter(word -> word.contains("="))
                .collect(Collectors.toMap(
                        word -> word.substring(0, word.indexOf('=')), word -> word.substring(word.indexOf('=') + 1)));
        var newest = new LinkedHashMap<List<String>, JsonNode>();
        lines.stream()
                .filter(line -> kind(line).equals(kind))
                .filter(line -> wanted.entrySet().stream()
                        .allMatch(field -> line.path(field.getKey()).asText().equals(field.getValue())))
                .forEach(line -> newest.put(identity(line), line));
        return List.copyOf(newest.values());
    }

    /** Which table a line is for: it says so, or {@code weir bench} wrote it on some device. */
    private static String kind(JsonNode line) {
        String device = line.path("device").asText("");
        String ofDevice = device.isEmpty() ? "" : device.startsWith("CPU") ? "cpu" : "gpu";
        return line.path("table").asText(ofDevice);
    }

    /** What two lines have in common that measure the same. */
    private static List<String> identity(JsonNode line) {
        return Stream.of("case", "threads", "engine", "trace", "graphs")
                .map(field -> line.path(field).asText(""))
                .toList();
    }

    private static String table(String kind, List<JsonNode> lines) {
        if (lines.isEmpty()) {
            return "Not measured yet.\n";
        }
        return switch (kind) {
            case "cpu", "gpu" -> ResultTable.ofTraces(lines);
            case "peers", "traces", "products" -> ResultTable.ofEngines(lines);
            case "figures" -> ResultTable.ofFigures(lines);
            default ->
                throw new IllegalArgumentException("bench: " + kind
                        + ": expected cpu, gpu, peers, traces, products or figures, got another kind of table");
        };
    }
}
