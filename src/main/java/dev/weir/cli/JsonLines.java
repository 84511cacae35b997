package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        List<String> lines = lines(file, option);
        if (lines.stream().allMatch(String::isBlank)) {
            throw new IllegalArgumentException(file + ": " + expected + "no line");
        }
        for (int number = 1; number <= lines.size(); number++) {
            String line = lines.get(number - 1);
            String place = file + " line " + number + ": ";
            if (!line.isBlank()) {
                each.accept(tree(line, place + expected), place);
            }
        }
    }

    private static List<String> lines(Path file, String option) {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(option + " '" + file + "': expected a file, got a folder");
        }
        try {
            return Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(option + " '" + file + "': expected text in UTF-8, got other bytes", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode tree(String line, String expected) {
        try {
            return Json.MAPPER.readTree(line);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(expected + Lines.clip(Lines.oneLine(line.strip()), LONGEST_QUOTE), e);
        }
    }
}
