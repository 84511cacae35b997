package dev.weir.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** LangChain4j's parameters of a request, and those that Weir has besides; what is null is left to the model's defaults. */
public final class WeirChatRequestParameters extends DefaultChatRequestParameters {

    private final @Nullable Long seed;
    private final @Nullable Double minP;
    private final @Nullable Double repetitionPenalty;
    private final @Nullable Map<Integer, Float> logitBias;

    private WeirChatRequestParameters(Builder builder) {
        super(builder);
        this.seed = builder.seed;
        this.minP = builder.minP;
        this.repetitionPenalty = builder.repetitionPenalty;
        this.logitBias = builder.logitBias;
    }

    /** Parameters of which none is set yet. */
    public static Builder builder() {
        return new Builder();
    }

    /** Of the random numbers; the same seed, prompt and parameters give the same text. */
    public @Nullable Long seed() {
        return seed;
    }

    /** Keeps tokens with at least this share of the most likely one's probability; 0 keeps all. */
    public @Nullable Double minP() {
        return minP;
    }

    /** Divides positive and multiplies negative logits of tokens seen before, those of the prompt too; 1 is none. */
    public @Nullable Double repetitionPenalty() {
        return repetitionPenalty;
    }

    /** What is added to the logits of tokens, by id. */
    public @Nullable Map<Integer, Float> logitBias() {
        return logitBias;
    }

    @Override
    public WeirChatRequestParameters overrideWith(ChatRequestParameters that) {
        return builder().overrideWith(this).overrideWith(that).build();
    }

    @Override
    public WeirChatRequestParameters defaultedBy(ChatRequestParameters that) {
        return builder().overrideWith(that).overrideWith(this).build();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WeirChatRequestParameters that
                && super.equals(that)
                && Objects.equals(seed, that.seed)
                && Objects.equals(minP, that.minP)
                && Objects.equals(repetitionPenalty, that.repetitionPenalty)
                && Objects.equals(logitBias, that.logitBias);
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), seed, minP, repetitionPenalty, logitBias);
    }

    @Override
    public String toString() {
        return super.toString() + " and seed " + seed + ", min-p " + minP + ", repetition penalty " + repetitionPenalty
                + ", logit bias " + logitBias;
    }

    /** Sets parameters one by one. */
    public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {

        private @Nullable Long seed;
        private @Nullable Double minP;
        private @Nullable Double repetitionPenalty;
        private @Nullable Map<Integer, Float> logitBias;

        private Builder() {}

        /** Takes over every parameter that is set in these. */
        @Override
        public Builder overrideWith(ChatRequestParameters those) {
            super.overrideWith(those);
            if (those instanceof WeirChatRequestParameters ours) {
                seed = ours.seed == null ? seed : ours.seed;
                minP = ours.minP == null ? minP : ours.minP;
                repetitionPenalty = ours.repetitionPenalty == null ? repetitionPenalty : ours.repetitionPenalty;
                logitBias = ours.logitBias == null ? logitBias : ours.logitBias;
            }
            return this;
        }

        /** Of the random numbers. */
        public Builder seed(@Nullable Long value) {
            seed = value;
            return this;
        }

        /** From 0, which keeps all tokens, to 1. */
        public Builder minP(@Nullable Double value) {
            minP = value;
            return this;
        }

        /** Above 0; 1 is none. */
        public Builder repetitionPenalty(@Nullable Double value) {
            repetitionPenalty = value;
            return this;
        }

        /** What is added to the logits of tokens, by id. */
        public Builder logitBias(@Nullable Map<Integer, Float> value) {
            logitBias = value == null ? null : Map.copyOf(value);
            return this;
        }

        @Override
        public WeirChatRequestParameters build() {
            return new WeirChatRequestParameters(this);
        }
    }
}
