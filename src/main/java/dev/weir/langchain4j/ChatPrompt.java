package dev.weir.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.weir.chat.ChatTemplate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Makes the text that a model continues of the messages of a chat. */
@FunctionalInterface
public interface ChatPrompt {

    /** What is said, with a blank line between messages, and not who said it: for a model that was trained on plain text. */
    ChatPrompt PLAIN = messages -> messages.stream().map(ChatPrompt::said).collect(Collectors.joining("\n\n"));

    /**
     * As the chat template in a model's folder has it; {@link #PLAIN} where there is none. A template needs the library Jinjava, which is
     * an optional dependency.
     *
     * @throws IOException for files that cannot be read
     * @throws IllegalArgumentException for a template that is not understood
     */
    static ChatPrompt ofModel(Path folder) throws IOException {
        ChatTemplate template = ChatTemplate.open(folder);
        return messages -> template.prompt(messages.stream()
                .map(message -> new ChatTemplate.Message(role(message), said(message)))
                .toList());
    }

    private static String role(ChatMessage message) {
        return switch (message.type()) {
            case SYSTEM -> "system";
            case AI -> "assistant";
            default -> "user";
        };
    }

    /**
     * The text of messages.
     *
     * @param messages at least one, the oldest first
     * @throws UnsupportedFeatureException for messages that have no text form, such as images
     */
    String text(List<ChatMessage> messages);

    /**
     * What a message says.
     *
     * @throws UnsupportedFeatureException for one that says more than text: images and other files, calls of tools and what they returned
     */
    static String said(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> system.text();
            case UserMessage user ->
                user.contents().stream().map(ChatPrompt::text).collect(Collectors.joining("\n\n"));
            case AiMessage ai -> {
                if (ai.hasToolExecutionRequests()) {
                    throw unsupported("tools");
                }
                yield ai.text();
            }
            default -> throw unsupported("messages of type " + message.type());
        };
    }

    private static String text(Content content) {
        if (content instanceof TextContent text) {
            return text.text();
        }
        throw unsupported(content.type().name().toLowerCase(Locale.ROOT) + " content");
    }

    private static UnsupportedFeatureException unsupported(String what) {
        return new UnsupportedFeatureException(what + ": not supported, expected text");
    }
}
