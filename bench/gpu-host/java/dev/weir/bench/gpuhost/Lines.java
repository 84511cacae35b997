package dev.weir.bench.gpuhost;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Results as {@code bench/results} holds them: one JSON object a line, each saying when, where and of which commit. */
final class Lines {

    static final JsonMapper MAPPER = new JsonMapper();

    private final Path file;

    /** Lines are added to this file. */
    Lines(Path file) {
        this.file = file;
    }

    /** The beginning of a line: what all lines of a run share, from the environment that {@code run} sets. */
    static ObjectNode line() {
        ObjectNode line = MAPPER.createObjectNode();
        line.put("when", LocalDate.now().toString());
        line.put("commit", environment("WEIR_COMMIT"));
        line.put("machine", environment("WEIR_MACHINE"));
        line.put(
                "java",
                Runtime.version().feature() + "." + Runtime.version().interim() + "."
                        + Runtime.version().update());
        return line;
    }

    private static String environment(String name) {
        return Optional.ofNullable(System.getenv(name)).orElse("unknown");
    }

    void add(ObjectNode line) throws IOException {
        Files.writeString(
                file, MAPPER.writeValueAsString(line) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** All lines of several files; a line that was cut off when its writer was stopped is left out. */
    static List<JsonNode> read(List<Path> files) throws IOException {
        var lines = new ArrayList<JsonNode>();
        for (Path file : files) {
            for (String text : Files.readAllLines(file)) {
                if (text.startsWith("{") && text.endsWith("}")) {
                    lines.add(MAPPER.readTree(text));
                }
            }
        }
        return lines;
    }
}
