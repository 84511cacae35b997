package dev.weir.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Sampling;
import java.util.List;
import java.util.OptionalInt;

/**
 * What a caller asks for, as Weir understands it.
 *
 * @param parameters those of the request over those of the model
 */
record Wish(ChatRequestParameters parameters) {

    /**
     * Refuses what a model that continues text cannot do.
     *
     * @param name of the model
     */
    void requireSupported(String name) {
        String other = parameters.modelName();
        require(other == null || other.equals(name), "modelName '" + other + "'", "the model is " + name);
        require(parameters.toolChoice() == null, "ToolChoice." + parameters.toolChoice(), "the model continues text");
        require(parameters.toolSpecifications().isEmpty(), "tools", "the model continues text");
        boolean isText = parameters.responseFormat() == null
                || parameters.responseFormat().type() == ResponseFormatType.TEXT;
        require(isText, "JSON response format", "the model continues text");
    }

    private static void require(boolean holds, String what, String why) {
        if (!holds) {
            throw new UnsupportedFeatureException(what + ": not supported, " + why);
        }
    }

    /**
     * As options of a generation; temperature 0 takes the most likely token always.
     *
     * @param defaults of the model
     * @throws IllegalArgumentException for values that are out of range
     */
    GenerationOptions over(GenerationOptions defaults) {
        List<String> stop = parameters.stopSequences();
        Integer tokens = parameters.maxOutputTokens();
        return new GenerationOptions(
                tokens == null ? defaults.maxNewTokens() : OptionalInt.of(tokens),
                weirs(common(defaults.sampling())),
                stop == null || stop.isEmpty() ? defaults.stop() : stop,
                defaults.endOfText());
    }

    private Sampling common(Sampling defaults) {
        Sampling sampling = defaults;
        Double temperature = parameters.temperature();
        if (temperature != null) {
            sampling =
                    temperature == 0 ? sampling.withGreedy(true) : sampling.withTemperature(temperature.floatValue());
        }
        if (parameters.topP() != null) {
            sampling = sampling.withTopP(parameters.topP().floatValue());
        }
        if (parameters.topK() != null) {
            sampling = sampling.withTopK(parameters.topK());
        }
        if (parameters.frequencyPenalty() != null) {
            sampling =
                    sampling.withFrequencyPenalty(parameters.frequencyPenalty().floatValue());
        }
        if (parameters.presencePenalty() != null) {
            sampling = sampling.withPresencePenalty(parameters.presencePenalty().floatValue());
        }
        return sampling;
    }

    private Sampling weirs(Sampling common) {
        if (!(parameters instanceof WeirChatRequestParameters ours)) {
            return common;
        }
        Sampling sampling = common;
        Long seed = ours.seed();
        if (seed != null) {
            sampling = sampling.withSeed(seed);
        }
        Double minP = ours.minP();
        if (minP != null) {
            sampling = sampling.withMinP(minP.floatValue());
        }
        Double repetition = ours.repetitionPenalty();
        if (repetition != null) {
            sampling = sampling.withRepetitionPenalty(repetition.floatValue());
        }
        var bias = ours.logitBias();
        return bias == null ? sampling : sampling.withLogitBias(bias);
    }
}
