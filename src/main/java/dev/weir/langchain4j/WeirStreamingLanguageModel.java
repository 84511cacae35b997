package dev.weir.langchain4j;

import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.StreamingResponseHandler;
import dev.langchain4j.model.language.StreamingLanguageModel;
import dev.weir.batching.Reply;
import java.util.function.Supplier;

/**
 * A language model that continues a text piece by piece. A handler is called by one thread of its own; what it throws comes back to it
 * as an error, and the text goes on.
 */
public final class WeirStreamingLanguageModel implements StreamingLanguageModel, AutoCloseable {

    /** A service by which a framework gives out builders that it has prepared. */
    public interface BuilderFactory extends Supplier<Builder> {}

    private final Served served;

    private WeirStreamingLanguageModel(Served served) {
        this.served = served;
    }

    /** A builder: that of a {@link BuilderFactory} among the services, otherwise {@link Builder}. */
    public static Builder builder() {
        return ModelBuilder.prepared(BuilderFactory.class).orElseGet(Builder::new);
    }

    @Override
    public void generate(String prompt, StreamingResponseHandler<String> handler) {
        Reply reply;
        try {
            reply = served.submit(prompt, served.parameters());
        } catch (LangChain4jException e) {
            handler.onError(e);
            return;
        }
        Delivery.begin(reply, new Delivery.Receiver() {
            @Override
            public void onText(String text) {
                handler.onNext(text);
            }

            @Override
            public void onEnd(Answer answer) {
                handler.onComplete(answer.toText());
            }

            @Override
            public void onError(Throwable error) {
                handler.onError(error);
            }
        });
    }

    /** Ends what the builder opened: requests that still run, the scheduler, the model. What a caller gave stays open. */
    @Override
    public void close() {
        served.close();
    }

    /** Sets what the model is to be, one by one. */
    public static final class Builder extends ModelBuilder<Builder> {

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
        public WeirStreamingLanguageModel build() {
            return new WeirStreamingLanguageModel(served());
        }
    }
}
