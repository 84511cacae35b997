package dev.weir.langchain4j;

import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.weir.batching.Reply;
import java.util.List;
import java.util.function.Supplier;

/**
 * A chat model that answers piece by piece. A handler is called by one thread of its own; what it throws comes back to it as an error,
 * and the answer goes on. A handler that cancels hears nothing more.
 */
public final class WeirStreamingChatModel implements StreamingChatModel, AutoCloseable {

    /** A service by which a framework gives out builders that it has prepared. */
    public interface BuilderFactory extends Supplier<Builder> {}

    private final Served served;
    private final ChatPrompt prompt;
    private final List<ChatModelListener> listeners;

    private WeirStreamingChatModel(Served served, ChatPrompt prompt, List<ChatModelListener> listeners) {
        this.served = served;
        this.prompt = prompt;
        this.listeners = listeners;
    }

    /** A builder: that of a {@link BuilderFactory} among the services, otherwise {@link Builder}. */
    public static Builder builder() {
        return ModelBuilder.prepared(BuilderFactory.class).orElseGet(Builder::new);
    }

    /**
     * Begins to answer.
     *
     * @throws UnsupportedFeatureException for a request that this model could never answer; every other error goes to the handler
     */
    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        new Wish(request.parameters()).requireSupported(served.name());
        String text = prompt.text(request.messages());
        Reply reply;
        try {
            reply = served.submit(text, request.parameters());
        } catch (LangChain4jException e) {
            handler.onError(e);
            return;
        }
        Delivery.begin(reply, new Listening(handler, reply, served.name()));
    }

    private static final class Listening implements Delivery.Receiver, StreamingHandle {

        private final StreamingChatResponseHandler handler;
        private final Reply reply;
        private final String modelName;
        private volatile boolean cancelled;

        Listening(StreamingChatResponseHandler handler, Reply reply, String modelName) {
            this.handler = handler;
            this.reply = reply;
            this.modelName = modelName;
        }

        @Override
        public void onText(String text) {
            handler.onPartialResponse(new PartialResponse(text), new PartialResponseContext(this));
        }

        @Override
        public void onEnd(Answer answer) {
            handler.onCompleteResponse(answer.toChat(modelName));
        }

        @Override
        public void onError(Throwable error) {
            handler.onError(error);
        }

        @Override
        public void cancel() {
            cancelled = true;
            reply.cancel();
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
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
        public WeirStreamingChatModel build() {
            ChatPrompt prompt = chosenPrompt(); // first: one that cannot be read leaves no model open
            return new WeirStreamingChatModel(served(), prompt, chosenListeners());
        }
    }
}
