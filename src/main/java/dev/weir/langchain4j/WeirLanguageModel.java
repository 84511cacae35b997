package dev.weir.langchain4j;

import dev.langchain4j.model.language.LanguageModel;
import dev.langchain4j.model.output.Response;
import java.util.function.Supplier;

/** A language model: it continues a text. Calls from many threads are answered in the same steps; each waits for its own. */
public final class WeirLanguageModel implements LanguageModel, AutoCloseable {

    /** A service by which a framework gives out builders that it has prepared. */
    public interface BuilderFactory extends Supplier<Builder> {}

    private final Served served;

    private WeirLanguageModel(Served served) {
        this.served = served;
    }

    /** A builder: that of a {@link BuilderFactory} among the services, otherwise {@link Builder}. */
    public static Builder builder() {
        return ModelBuilder.prepared(BuilderFactory.class).orElseGet(Builder::new);
    }

    @Override
    public Response<String> generate(String prompt) {
        return served.answer(prompt, served.parameters()).toText();
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
        public WeirLanguageModel build() {
            return new WeirLanguageModel(served());
        }
    }
}
