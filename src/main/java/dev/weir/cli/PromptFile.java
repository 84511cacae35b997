package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Prompt;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A file of prompts: the texts of a {@code .txt} file, one a line, or else a JSON object a line, with {@code prompt} or
 * {@code token_ids}; other keys are passed over. So are blank lines.
 */
final class PromptFile {

    private static final String EXPECTED = "expected {\"prompt\": \"...\"} or {\"token_ids\": [1, 2, 3]}, got ";
    private static final int LONGEST_QUOTE = 60;

    private PromptFile() {}

    /** Takes prompts, one after the other. */
    @FunctionalInterface
    interface Reader {
        /**
         * Takes one.
         *
         * @param place of it, for errors: {@code prompts.txt line 3: }
         */
        void prompt(String place, Prompt prompt);
    }

    static List<Prompt> read(Path file) {
        var prompts = new ArrayList<Prompt>();
        read(file, (place, prompt) -> prompts.add(prompt));
        return prompts;
    }

    /** Reads a file of any length; one line of it is in memory. */
    static void read(Path file, Reader reader) {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException("--prompts '" + file + "': expected a file, got a folder");
        }
        boolean plain = file.toString().endsWith(".txt");
        boolean any = false;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            int number = 1;
            for (String line = lines.readLine(); line != null; line = lines.readLine(), number++) {
                if (!line.isBlank()) {
                    String place = file + " line " + number + ": ";
                    reader.prompt(place, plain ? Prompt.of(line) : parse(line, place));
                    any = true;
                }
            }
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("--prompts '" + file + "': expected text in UTF-8, got other bytes", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!any) {
            throw new IllegalArgumentException(file + ": expected at least one prompt, got no line with one");
        }
    }

    private static Prompt parse(String line, String place) {
        JsonNode node = tree(line, place);
        JsonNode text = node.path("prompt");
        JsonNode ids = node.path("token_ids");
        if (text.isTextual() && ids.isMissingNode()) {
            return Prompt.of(text.textValue());
        }
        if (ids.isArray() && text.isMissingNode() && elements(ids).allMatch(JsonNode::isIntegralNumber)) {
            return Prompt.of(elements(ids).mapToInt(id -> exact(id, place)).toArray());
        }
        throw new IllegalArgumentException(place + EXPECTED + quote(line));
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static int exact(JsonNode id, String place) {
        if (!id.canConvertToInt()) {
            throw new IllegalArgumentException(place + "expected token ids of 32 bits, got " + id);
        }
        return id.intValue();
    }

    private static JsonNode tree(String line, String place) {
        try {
            return Json.MAPPER.readTree(line);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(place + EXPECTED + quote(line), e);
        }
    }

    private static String quote(String line) {
        return Lines.clip(Lines.oneLine(line.strip()), LONGEST_QUOTE);
    }
}
