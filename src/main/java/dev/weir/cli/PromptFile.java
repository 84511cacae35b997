package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Prompt;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A file of prompts: the texts of a {@code .txt} file, one a line, or else a JSON object a line, with {@code prompt} or
 * {@code token_ids}, and with {@code edits} if it has any; other keys are passed over. So are blank lines.
 */
final class PromptFile {

    private static final String EXPECTED = "expected {\"prompt\": \"...\"} or {\"token_ids\": [1, 2, 3]}, got ";

    private PromptFile() {}

    static List<PromptLine> read(Path file) {
        var prompts = new ArrayList<PromptLine>();
        read(file, prompts::add);
        return prompts;
    }

    /** Reads a file of any length; one line of it is in memory. */
    static void read(Path file, Consumer<PromptLine> reader) {
        boolean plain = file.toString().endsWith(".txt");
        Path folder = file.resolveSibling("");
        JsonLines.forEach(
                file,
                "--prompts",
                "prompt",
                (line, place) -> reader.accept(
                        plain
                                ? new PromptLine(Prompt.of(line), place, Optional.empty(), folder)
                                : parse(line, place, folder)));
    }

    private static PromptLine parse(String line, String place, Path folder) {
        JsonNode node = JsonLines.value(line, place + EXPECTED);
        return new PromptLine(prompt(node, line, place), place, Optional.ofNullable(node.get("edits")), folder);
    }

    private static Prompt prompt(JsonNode node, String line, String place) {
        JsonNode text = node.path("prompt");
        JsonNode ids = node.path("token_ids");
        if (text.isTextual() && ids.isMissingNode()) {
            return Prompt.of(text.textValue());
        }
        if (ids.isArray() && text.isMissingNode() && elements(ids).allMatch(JsonNode::isIntegralNumber)) {
            return Prompt.of(elements(ids).mapToInt(id -> exact(id, place)).toArray());
        }
        throw new IllegalArgumentException(place + EXPECTED + JsonLines.quote(line));
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
}
