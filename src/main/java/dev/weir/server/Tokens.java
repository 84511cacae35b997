package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Prompt;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;

/** The two endpoints of the tokenizer, as vLLM has them. */
final class Tokens {

    private Tokens() {}

    /** {@code /tokenize}. */
    static void encode(Serving serving, Fields fields, ServerResponse response) {
        serving.requireModel(fields);
        String prompt =
                fields.text("prompt").orElseThrow(() -> fields.refused("prompt", "expected a text, got nothing"));
        var body = Json.object();
        try {
            var ids = prompt.isEmpty() ? List.<Integer>of() : serving.weir().encode(Prompt.of(prompt));
            body.put("count", ids.size());
            body.put("max_model_len", serving.weir().config().context());
            body.set("tokens", Json.numbers(ids));
        } catch (IllegalArgumentException e) {
            throw fields.refused("prompt", String.valueOf(e.getMessage()));
        }
        Replies.json(response, 200, body);
    }

    /** {@code /detokenize}. */
    static void decode(Serving serving, Fields fields, ServerResponse response) {
        serving.requireModel(fields);
        JsonNode ids = fields.value("tokens")
                .filter(JsonNode::isArray)
                .orElseThrow(() -> fields.refused("tokens", "expected a list of token ids, got something else"));
        int vocabulary = serving.weir().config().vocabulary();
        String text = serving.tokenText().joined(fields.integers("tokens", ids, 0, vocabulary - 1));
        Replies.json(response, 200, Json.object().put("prompt", text));
    }
}
