package dev.weir.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a model's folder wants a conversation written: by the template of {@code chat_template.jinja}, or that of {@code
 * tokenizer_config.json}. For a model without one, that continues a text and knows no conversation, the messages are the text, a
 * blank line between them.
 */
public final class ChatTemplate {

    /** One message. */
    public record Message(String role, String content) {}

    private static final JsonMapper MAPPER = new JsonMapper();

    private final Optional<JinjaTemplate> jinja;
    private final String beginOfText;
    private final String endOfText;

    private ChatTemplate(Optional<JinjaTemplate> jinja, String beginOfText, String endOfText) {
        this.jinja = jinja;
        this.beginOfText = beginOfText;
        this.endOfText = endOfText;
    }

    /**
     * The template of a model's folder.
     *
     * @throws IllegalArgumentException for files that are no JSON, and for a template with filters that are not known here
     */
    public static ChatTemplate open(Path folder) throws IOException {
        Path file = folder.resolve("tokenizer_config.json");
        JsonNode config = Files.exists(file) ? json(file) : MAPPER.createObjectNode();
        Path alone = folder.resolve("chat_template.jinja");
        Optional<String> template = Files.exists(alone)
                ? Optional.of(Files.readString(alone))
                : Optional.ofNullable(chosen(config.path("chat_template")));
        return of(template, token(config.path("bos_token")), token(config.path("eos_token")));
    }

    /** A template with the two special tokens that it may write. */
    public static ChatTemplate of(Optional<String> template, String beginOfText, String endOfText) {
        // no method reference: without a template the library need not be there
        Optional<JinjaTemplate> jinja =
                template.isPresent() ? Optional.of(new JinjaTemplate(template.get())) : Optional.empty();
        return new ChatTemplate(jinja, beginOfText, endOfText);
    }

    private static JsonNode json(Path file) throws IOException {
        try {
            return MAPPER.readTree(Files.readString(file));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(file + ": expected JSON, got something else", e);
        }
    }

    private static @Nullable String chosen(JsonNode template) {
        for (JsonNode named : template.isArray() ? template : List.<JsonNode>of()) {
            if (named.path("name").asText().equals("default")) {
                return named.path("template").textValue();
            }
        }
        return template.textValue();
    }

    /** A text, or an object whose content is one. */
    private static String token(JsonNode token) {
        return token.isTextual() ? token.textValue() : token.path("content").asText("");
    }

    /**
     * The text that a model is to continue.
     *
     * @throws IllegalArgumentException for messages that the template refuses
     * @throws IllegalStateException for a template that asks for what is not known here
     */
    public String prompt(List<Message> messages) {
        if (jinja.isEmpty()) {
            return messages.stream().map(Message::content).collect(Collectors.joining("\n\n"));
        }
        List<Map<String, String>> told =
                messages.stream().map(ChatTemplate::told).toList();
        return jinja.get()
                .render(Map.of(
                        "messages", told,
                        "bos_token", beginOfText,
                        "eos_token", endOfText,
                        "add_generation_prompt", true));
    }

    private static Map<String, String> told(Message message) {
        var told = new LinkedHashMap<String, String>();
        told.put("role", message.role());
        told.put("content", message.content());
        return told;
    }
}
