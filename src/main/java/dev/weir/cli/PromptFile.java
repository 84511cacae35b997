package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Prompt;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A file of prompts: a JSON object a line, with {@code prompt} or {@code token_ids}, and {@code edits} if it has any; other keys are passed over. */
final class PromptFile {

    private static final String EXPECTED = "expected {\"prompt\": \"...\"} or {\"token_ids\": [1, 2, 3]}, got ";
    private static final int LONGEST_QUOTE = 60;

    private PromptFile() {}

    static List<PromptLine> read(Path file) {
        var prompts = new ArrayList<PromptLine>();
        JsonLines.forEach(
                file,
                "--prompts",
                EXPECTED,
                (node, place) -> prompts.add(new PromptLine(
                        prompt(node, place), place, Optional.ofNullable(node.get("edits")), file.resolveSibling(""))));
        return prompts;
    }

    private static Prompt prompt(JsonNode node, String place) {
        JsonNode text = node.path("prompt");
        JsonNode ids = node.path("token_ids");
        if (text.isTextual() && ids.isMissingNode()) {
            return Prompt.of(text.textValue());
        }
        if (ids.isArray() && text.isMissingNode() && elements(ids).allMatch(JsonNode::isIntegralNumber)) {
            return Prompt.of(elements(ids).mapToInt(id -> exact(id, place)).toArray());
        }
        throw new IllegalArgumentException(
                place + EXPECTED + Lines.clip(Lines.oneLine(node.toString()), LONGEST_QUOTE));
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
