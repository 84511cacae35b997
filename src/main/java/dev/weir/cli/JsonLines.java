package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiConsumer;

/** Files of any length that say one thing a line; one line of them is in memory. */
final class JsonLines {

    private static final int LONGEST_QUOTE = 60;

    private JsonLines() {}

    /**
     * Reads a file; blank lines are passed over.
     *
     * @param option that names the file, for errors
     * @param noun for what a line holds, for errors
     * @param each receives a line and its place, for errors: {@code prompts.txt line 3: }
     */
    static void forEach(Path file, String option, String noun, BiConsumer<String, String> each) {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(option + " '" + file + "': expected a file, got a folder");
        }
        boolean any = false;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            int number = 1;
            for (String line = lines.readLine(); line != null; line = lines.readLine(), number++) {
                if (!line.isBlank()) {
                    each.accept(line, file + " line " + number + ": ");
                    any = true;
                }
            }
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(option + " '" + file + "': expected text in UTF-8, got other bytes", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!any) {
            throw new IllegalArgumentException(file + ": expected at least one " + noun + ", got no line with one");
        }
    }

    /**
     * The value of a line.
     *
     * @param expected what it should be and where, for errors: {@code prompts.jsonl line 3: expected ..., got }
     */
    static JsonNode value(String line, String expected) {
        try {
            return Json.MAPPER.readTree(line);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(expected + quote(line), e);
        }
    }

    /** A line as it may stand in a message. */
    static String quote(String line) {
        return Lines.clip(Lines.oneLine(line.strip()), LONGEST_QUOTE);
    }
}
