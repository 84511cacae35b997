package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.function.BiConsumer;

/** Files of JSON, a value a line. */
final class JsonLines {

    private static final int LONGEST_QUOTE = 60;

    private JsonLines() {}

    /**
     * Reads a file; blank lines are passed over.
     *
     * @param option that names the file, for errors
     * @param expected what a line should be, for errors: {@code expected ..., got }
     * @param each receives a line's value and its place, for errors
     */
    static void forEach(Path file, String option, String expected, BiConsumer<JsonNode, String> each) {
        TextLines.forEach(file, option, expected, (line, place) -> each.accept(tree(line, place + expected), place));
    }

    private static JsonNode tree(String line, String expected) {
        try {
            return Json.MAPPER.readTree(line);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(expected + Lines.clip(Lines.oneLine(line.strip()), LONGEST_QUOTE), e);
        }
    }
}
