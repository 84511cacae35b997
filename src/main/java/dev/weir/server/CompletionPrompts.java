package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Prompt;
import java.util.ArrayList;
import java.util.List;

/** The prompts of {@code /v1/completions}: a text, texts, token ids, or lists of them. */
final class CompletionPrompts {

    private static final String PROMPT = "prompt";

    private final Fields fields;
    private final int most;
    private final int vocabulary;

    CompletionPrompts(Fields fields, int most, int vocabulary) {
        this.fields = fields;
        this.most = most;
        this.vocabulary = vocabulary;
    }

    List<Prompt> read() {
        JsonNode prompt = fields.value(PROMPT)
                .orElseThrow(() -> fields.refused(PROMPT, "expected a text or token ids, got nothing"));
        if (prompt.isTextual()) {
            return List.of(Prompt.of(prompt.textValue()));
        }
        if (!prompt.isArray() || prompt.isEmpty()) {
            throw fields.wrong(PROMPT, "a text, token ids, or a list of either", prompt);
        }
        if (prompt.get(0).isNumber()) {
            return List.of(ids(prompt));
        }
        if (prompt.size() > most) {
            throw fields.refused(PROMPT, "expected at most " + most + " prompts, got " + prompt.size());
        }
        var prompts = new ArrayList<Prompt>();
        for (JsonNode element : prompt) {
            prompts.add(element.isTextual() ? Prompt.of(element.textValue()) : ids(element));
        }
        return prompts;
    }

    private Prompt ids(JsonNode ids) {
        if (!ids.isArray() || ids.isEmpty()) {
            throw fields.wrong(PROMPT, "a text or token ids", ids);
        }
        return Prompt.of(fields.integers(PROMPT, ids, 0, vocabulary - 1));
    }
}
