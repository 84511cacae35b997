package dev.weir.langchain4j;

import static dev.langchain4j.spi.ServiceHelper.loadFactories;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.weir.batching.Scheduler;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the builders of all models have in common. One of {@link #modelPath}, {@link #weir} and {@link #scheduler} is needed; several
 * models may share a scheduler, and then their requests share steps.
 *
 * @param <B> the builder itself
 */
public abstract sealed class ModelBuilder<B extends ModelBuilder<B>>
        permits ChatModelBuilder, WeirLanguageModel.Builder, WeirStreamingLanguageModel.Builder {

    private final WeirChatRequestParameters.Builder parameters = WeirChatRequestParameters.builder();
    private @Nullable Path modelPath;
    private Options options = Options.DEFAULT;
    private @Nullable Weir weir;
    private @Nullable Scheduler scheduler;
    private @Nullable String name;

    ModelBuilder() {}

    abstract B self();

    /** A builder that a framework has prepared, if there is a service that gives one out. */
    static <B> Optional<B> prepared(Class<? extends Supplier<B>> factory) {
        return loadFactories(factory).stream().findFirst().map(Supplier::get);
    }

    /** A folder as Hugging Face lays it out; the model that is opened from it is closed with the result. */
    public B modelPath(Path value) {
        modelPath = value;
        return self();
    }

    /** How the model of {@link #modelPath} is opened. */
    public B options(Options value) {
        options = value;
        return self();
    }

    /** An open model, which stays the caller's; the result has a scheduler of its own on it. */
    public B weir(Weir value) {
        weir = value;
        return self();
    }

    /** A scheduler, which stays the caller's. */
    public B scheduler(Scheduler value) {
        scheduler = value;
        return self();
    }

    /** What the model is called in responses; its own name unless it is given one. */
    public B name(String value) {
        name = value;
        return self();
    }

    /** Every parameter at once; what is set here goes before what was set until now. */
    public B defaultRequestParameters(ChatRequestParameters value) {
        parameters.overrideWith(value);
        return self();
    }

    /** Divides the logits; 0 takes the most likely token always. */
    public B temperature(@Nullable Double value) {
        parameters.temperature(value);
        return self();
    }

    /** Above 0 and at most 1, which keeps all tokens. */
    public B topP(@Nullable Double value) {
        parameters.topP(value);
        return self();
    }

    /** How many of the most likely tokens are kept; 0 keeps all. */
    public B topK(@Nullable Integer value) {
        parameters.topK(value);
        return self();
    }

    /** From 0, which keeps all tokens, to 1. */
    public B minP(@Nullable Double value) {
        parameters.minP(value);
        return self();
    }

    /** Is subtracted from the logit of a token for each time that it was chosen. */
    public B frequencyPenalty(@Nullable Double value) {
        parameters.frequencyPenalty(value);
        return self();
    }

    /** Is subtracted from the logits of tokens that were chosen before. */
    public B presencePenalty(@Nullable Double value) {
        parameters.presencePenalty(value);
        return self();
    }

    /** Above 0; 1 is none. */
    public B repetitionPenalty(@Nullable Double value) {
        parameters.repetitionPenalty(value);
        return self();
    }

    /** How many tokens at most. */
    public B maxOutputTokens(@Nullable Integer value) {
        parameters.maxOutputTokens(value);
        return self();
    }

    /** Texts that end a generation; they are not part of it. */
    public B stopSequences(List<String> value) {
        parameters.stopSequences(value);
        return self();
    }

    /** Of the random numbers. */
    public B seed(@Nullable Long value) {
        parameters.seed(value);
        return self();
    }

    /** What is added to the logits of tokens, by id. */
    public B logitBias(@Nullable Map<Integer, Float> value) {
        parameters.logitBias(value);
        return self();
    }

    /** How the model's folder wants a chat to become text, if it is known. */
    final ChatPrompt ownPrompt() {
        try {
            return modelPath == null ? ChatPrompt.PLAIN : ChatPrompt.ofModel(modelPath);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    final Served served() {
        long given =
                Stream.of(modelPath, weir, scheduler).filter(Objects::nonNull).count();
        if (given != 1) {
            throw new IllegalArgumentException(
                    "model: expected one of model path, weir and scheduler, got " + given + " of them");
        }
        if (scheduler != null) {
            return on(scheduler, List.of());
        }
        return weir != null ? owning(Scheduler.of(weir), List.of()) : opened(Objects.requireNonNull(modelPath));
    }

    private Served opened(Path folder) {
        try {
            Weir opened = Weir.open(folder, options);
            try {
                return owning(Scheduler.of(opened), List.of(opened));
            } catch (RuntimeException | Error e) {
                opened.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Served owning(Scheduler own, List<AutoCloseable> others) {
        try {
            return on(own, Stream.concat(Stream.of(own), others.stream()).toList());
        } catch (RuntimeException | Error e) {
            own.close();
            throw e;
        }
    }

    private Served on(Scheduler given, List<AutoCloseable> owned) {
        String called = name == null ? given.weir().name() : name;
        ChatRequestParameters named =
                ChatRequestParameters.builder().modelName(called).build();
        return new Served(given, called, parameters.build().defaultedBy(named), owned);
    }
}
