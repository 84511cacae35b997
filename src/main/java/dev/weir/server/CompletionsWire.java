package dev.weir.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.batching.TokenLogprobs;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An answer of {@code /v1/completions}. */
final class CompletionsWire implements Wire {

    private final Serving serving;
    private final String id;
    private final long created;
    private final boolean echoes;
    private final boolean tellsProbabilities;
    private final List<String> prompts;
    private final TokenText tokens;
    private final Map<Integer, Integer> offsets = new HashMap<>();

    /** @param prompts as text, for an answer that begins with them */
    CompletionsWire(Serving serving, String id, long created, GenerationFields fields, List<String> prompts) {
        this.serving = serving;
        this.id = "cmpl-" + id;
        this.created = created;
        this.echoes = fields.echoes();
        this.tellsProbabilities = fields.logprobs().isPresent();
        this.prompts = prompts;
        this.tokens = serving.tokenText();
    }

    @Override
    public ObjectNode envelope(boolean isPiece) {
        ObjectNode envelope = Json.object();
        envelope.put("id", id);
        envelope.put("object", "text_completion");
        envelope.put("created", created);
        envelope.put("model", serving.name());
        envelope.put("system_fingerprint", serving.fingerprint());
        return envelope;
    }

    @Override
    public Optional<ObjectNode> opening(ChoiceText choice) {
        return echoes
                ? Optional.of(choice(choice, prompt(choice), List.of(), true).putNull("finish_reason"))
                : Optional.empty();
    }

    private String prompt(ChoiceText choice) {
        return prompts.get(choice.choice().promptIndex());
    }

    @Override
    public ObjectNode piece(ChoiceText choice, ChoiceText.Delta delta) {
        ObjectNode json = choice(choice, delta.text(), delta.logprobs(), false);
        json.putNull("finish_reason");
        choice.putInsight(json, delta.lens());
        return json;
    }

    @Override
    public ObjectNode ending(ChoiceText choice, ChoiceText.Delta rest) {
        ObjectNode json = choice(choice, rest.text(), rest.logprobs(), false);
        choice.putEnd(json);
        choice.putInsight(json, rest.lens());
        return json;
    }

    @Override
    public ObjectNode whole(ChoiceText choice, ChoiceText.Delta all) {
        String text = echoes ? prompt(choice) + all.text() : all.text();
        ObjectNode json = choice(choice, text, all.logprobs(), echoes);
        choice.putEnd(json);
        choice.putInsight(json, all.lens());
        return json;
    }

    private ObjectNode choice(ChoiceText choice, String text, List<TokenLogprobs> logprobs, boolean withPrompt) {
        ObjectNode json = Json.object();
        json.put("index", choice.choice().index());
        json.put("text", text);
        if (tellsProbabilities && (withPrompt || !logprobs.isEmpty())) {
            json.set("logprobs", logprobs(choice, logprobs, withPrompt));
        } else {
            json.putNull("logprobs");
        }
        return json;
    }

    private ObjectNode logprobs(ChoiceText choice, List<TokenLogprobs> logprobs, boolean withPrompt) {
        var columns = new Columns(offsets.getOrDefault(choice.choice().index(), 0));
        if (withPrompt) {
            columns.addFirst(choice.choice().prompt().getFirst());
            choice.promptLogprobs().forEach(columns::add);
        }
        logprobs.forEach(columns::add);
        offsets.put(choice.choice().index(), columns.offset);
        return columns.json;
    }

    /** The four columns of OpenAI's table. */
    private final class Columns {
        private final ObjectNode json = Json.object();
        private final ArrayNode texts = json.putArray("tokens");
        private final ArrayNode chosen = json.putArray("token_logprobs");
        private final ArrayNode top = json.putArray("top_logprobs");
        private final ArrayNode starts = json.putArray("text_offset");
        private int offset;

        Columns(int offset) {
            this.offset = offset;
        }

        /** Nobody knows how likely the first token of a text is. */
        private void addFirst(int token) {
            begin(token);
            chosen.addNull();
            top.addNull();
        }

        private void add(TokenLogprobs token) {
            begin(token.token());
            chosen.add(Logprob.of(token.logprob()));
            ObjectNode likeliest = top.addObject();
            token.top().forEach(other -> likeliest.put(name(other.token()), Logprob.of(other.logprob())));
            likeliest.put(name(token.token()), Logprob.of(token.logprob()));
        }

        private void begin(int token) {
            texts.add(name(token));
            starts.add(offset);
            offset += tokens.length(token);
        }

        private String name(int token) {
            return tokens.inTable(token);
        }
    }
}
