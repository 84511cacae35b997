package dev.weir.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the builders of chat models have in common besides.
 *
 * @param <B> the builder itself
 */
public abstract sealed class ChatModelBuilder<B extends ChatModelBuilder<B>> extends ModelBuilder<B>
        permits WeirChatModel.Builder, WeirStreamingChatModel.Builder {

    private @Nullable ChatPrompt prompt;
    private List<ChatModelListener> listeners = List.of();

    ChatModelBuilder() {}

    /**
     * How a chat becomes text. Unless it is said, a model that is opened from a folder has that folder's chat template, and others
     * {@link ChatPrompt#PLAIN}.
     */
    public B prompt(ChatPrompt value) {
        prompt = value;
        return self();
    }

    /** Who is told of every request, response and error. */
    public B listeners(List<ChatModelListener> value) {
        listeners = List.copyOf(value);
        return self();
    }

    final ChatPrompt chosenPrompt() {
        return prompt == null ? ownPrompt() : prompt;
    }

    final List<ChatModelListener> chosenListeners() {
        return listeners;
    }
}
