package dev.weir.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.batching.TokenLogprobs;
import java.util.List;
import java.util.Optional;

/** An answer of {@code /v1/chat/completions}. */
final class ChatWire implements Wire {

    private final Serving serving;
    private final String id;
    private final long created;
    private final boolean tellsProbabilities;
    private final TokenText tokens;

    ChatWire(Serving serving, String id, long created, GenerationFields fields) {
        this.serving = serving;
        this.id = "chatcmpl-" + id;
        this.created = created;
        this.tellsProbabilities = fields.logprobs().isPresent();
        this.tokens = serving.tokenText();
    }

    @Override
    public ObjectNode envelope(boolean isPiece) {
        ObjectNode envelope = Json.object();
        envelope.put("id", id);
        envelope.put("object", isPiece ? "chat.completion.chunk" : "chat.completion");
        envelope.put("created", created);
        envelope.put("model", serving.name());
        envelope.put("system_fingerprint", serving.fingerprint());
        return envelope;
    }

    @Override
    public Optional<ObjectNode> opening(ChoiceText choice) {
        ObjectNode json = choice(choice);
        json.putObject("delta").put("role", "assistant").put("content", "");
        json.putNull("logprobs");
        return Optional.of(json.putNull("finish_reason"));
    }

    @Override
    public ObjectNode piece(ChoiceText choice, ChoiceText.Delta delta) {
        ObjectNode json = choice(choice);
        ObjectNode told = json.putObject("delta");
        if (!delta.text().isEmpty()) {
            told.put("content", delta.text());
        }
        putLogprobs(json, delta.logprobs());
        json.putNull("finish_reason");
        choice.putInsight(json, delta.lens());
        return json;
    }

    @Override
    public ObjectNode ending(ChoiceText choice, ChoiceText.Delta rest) {
        ObjectNode json = piece(choice, rest);
        choice.putEnd(json);
        return json;
    }

    @Override
    public ObjectNode whole(ChoiceText choice, ChoiceText.Delta all) {
        ObjectNode json = choice(choice);
        json.putObject("message")
                .put("role", "assistant")
                .put("content", all.text())
                .putNull("refusal");
        putLogprobs(json, all.logprobs());
        choice.putEnd(json);
        choice.putInsight(json, all.lens());
        return json;
    }

    private static ObjectNode choice(ChoiceText choice) {
        return Json.object().put("index", choice.choice().index());
    }

    private void putLogprobs(ObjectNode json, List<TokenLogprobs> logprobs) {
        if (!tellsProbabilities || logprobs.isEmpty()) {
            json.putNull("logprobs");
            return;
        }
        ObjectNode told = json.putObject("logprobs");
        ArrayNode content = told.putArray("content");
        told.putNull("refusal");
        for (TokenLogprobs token : logprobs) {
            ObjectNode row = token(token.token(), token.logprob());
            ArrayNode top = row.putArray("top_logprobs");
            token.top().forEach(other -> top.add(token(other.token(), other.logprob())));
            content.add(row);
        }
    }

    private ObjectNode token(int id, float logprob) {
        ObjectNode json = Json.object().put("token", tokens.of(id)).put("logprob", Logprob.of(logprob));
        json.set("bytes", tokens.json(id));
        return json;
    }
}
