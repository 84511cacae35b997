package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.chat.ChatTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The messages of {@code /v1/chat/completions}: text, whole or in parts. */
final class ChatMessages {

    private static final String MESSAGES = "messages";
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");
    private static final int MOST = 4096;

    private ChatMessages() {}

    static List<ChatTemplate.Message> read(Fields fields) {
        JsonNode list = fields.value(MESSAGES)
                .orElseThrow(() -> fields.refused(MESSAGES, "expected a list of messages, got nothing"));
        if (!list.isArray() || list.isEmpty() || list.size() > MOST) {
            throw fields.wrong(MESSAGES, "a list of 1 to " + MOST + " messages", list);
        }
        var messages = new ArrayList<ChatTemplate.Message>();
        for (int i = 0; i < list.size(); i++) {
            if (!(list.get(i) instanceof ObjectNode message)) {
                throw fields.wrong(MESSAGES, "a list of objects", list.get(i));
            }
            messages.add(message(new Fields(message, MESSAGES + "[" + i + "].")));
        }
        return messages;
    }

    private static ChatTemplate.Message message(Fields fields) {
        String role = fields.text("role").orElseThrow(() -> fields.refused("role", "expected one, got none"));
        if (!ROLES.contains(role)) {
            throw fields.refused("role", "expected system, developer, user, assistant or tool, got another");
        }
        fields.absent("tool_calls", "tools are not called here");
        JsonNode content =
                fields.value("content").orElseThrow(() -> fields.refused("content", "expected a text, got nothing"));
        return new ChatTemplate.Message(role, content(fields, content));
    }

    private static String content(Fields fields, JsonNode content) {
        if (content.isTextual()) {
            return content.textValue();
        }
        if (!content.isArray()) {
            throw fields.wrong("content", "a text or parts of text", content);
        }
        var text = new StringBuilder();
        for (JsonNode part : content) {
            if (!part.path("type").asText().equals("text") || !part.path("text").isTextual()) {
                throw fields.refused("content", "expected parts of text alone, got another part");
            }
            text.append(part.path("text").textValue());
        }
        return text.toString();
    }
}
