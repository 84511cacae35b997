package dev.weir.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;
import java.util.function.Supplier;

/**
 * A chat model. Calls from many threads are answered in the same steps; each waits for its own.
 *
 * <pre>{@code
 * try (WeirChatModel model = WeirChatModel.builder().modelPath(folder).maxOutputTokens(60).build()) {
 *     System.out.println(model.chat("Once upon a time"));
 * }
 * }</pre>
 */
public final class WeirChatModel implements ChatModel, AutoCloseable {

    /** A service by which a framework gives out builders that it has prepared. */
    public interface BuilderFactory extends Supplier<Builder> {}

    private final Served served;
    private final ChatPrompt prompt;
    private final List<ChatModelListener> listeners;

    private WeirChatModel(Served served, ChatPrompt prompt, List<ChatModelListener> listeners) {
        this.served = served;
        this.prompt = prompt;
        this.listeners = listeners;
    }

    /** A builder: that of a {@link BuilderFactory} among the services, otherwise {@link Builder}. */
    public static Builder builder() {
        return ModelBuilder.prepared(BuilderFactory.class).orElseGet(Builder::new);
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        new Wish(request.parameters()).requireSupported(served.name());
        return served.answer(prompt.text(request.messages()), request.parameters())
                .toChat(served.name());
    }

    @Override
    public WeirChatRequestParameters defaultRequestParameters() {
        return served.parameters();
    }

    @Override
    public List<ChatModelListener> listeners() {
        return listeners;
    }

    /** Ends what the builder opened: requests that still run, the scheduler, the model. What a caller gave stays open. */
    @Override
    public void close() {
        served.close();
    }

    /** Sets what the model is to be, one by one. */
    public static final class Builder extends ChatModelBuilder<Builder> {

        /** A builder that nothing is set in. */
        public Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Opens the model.
         *
         * @throws IllegalArgumentException unless it was said, once, where it is
         * @throws dev.langchain4j.exception.UnsupportedFeatureException for parameters that no request could have
         * @throws java.io.UncheckedIOException for a folder that cannot be read
         */
        public WeirChatModel build() {
            ChatPrompt prompt = chosenPrompt(); // first: one that cannot be read leaves no model open
            return new WeirChatModel(served(), prompt, chosenListeners());
        }
    }
}
