package dev.weir.engine;

import dev.weir.program.SamplerSettings;
import java.util.Map;

/**
 * How the next token is chosen from the logits. Penalties and biases change the logits, then the filters apply in the order of the fields, as in
 * Hugging Face transformers.
 *
 * @param greedy whether the most likely token is taken; ties go to the lowest id, and only penalties and biases still apply
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen before (Keskar et al. 2019); 1 is none
 * @param temperature divides the logits; above 0
 * @param topK keeps the k most likely tokens; 0 keeps all
 * @param topP keeps the most likely tokens whose probabilities first reach p (Holtzman et al. 2020); 1 keeps all
 * @param minP keeps tokens with at least this share of the most likely one's probability; 0 keeps all
 * @param frequencyPenalty is subtracted from the logit of a token for each time that it was chosen; 0 is none
 * @param presencePenalty is subtracted from the logits of tokens that were chosen before; 0 is none
 * @param logitBias is added to the logits of these tokens
 * @param seed of the random numbers; the same seed, prompt and options give the same tokens, alone or in any batch
 */
public record Sampling(
        boolean greedy,
        float repetitionPenalty,
        float temperature,
        int topK,
        float topP,
        float minP,
        float frequencyPenalty,
        float presencePenalty,
        Map<Integer, Float> logitBias,
        long seed) {

    /** The most likely token, always. */
    public static final Sampling GREEDY = new Sampling(true, 1, 1, 0, 1, 0, 0);

    public Sampling {
        require(repetitionPenalty > 0, "repetition penalty", "above 0", repetitionPenalty);
        require(temperature > 0 && Float.isFinite(temperature), "temperature", "above 0", temperature);
        require(topK >= 0, "top-k", "0 or more", topK);
        require(topP > 0 && topP <= 1, "top-p", "above 0 and at most 1", topP);
        require(minP >= 0 && minP <= 1, "min-p", "from 0 to 1", minP);
        require(Float.isFinite(frequencyPenalty), "frequency penalty", "a number", frequencyPenalty);
        require(Float.isFinite(presencePenalty), "presence penalty", "a number", presencePenalty);
        logitBias = Map.copyOf(logitBias);
        logitBias.forEach((token, bias) -> require(
                token >= 0 && Float.isFinite(bias), "logit bias of token " + token, "a number for a token id", bias));
    }

    /** Without biases and without penalties of what was chosen. */
    public Sampling(
            boolean greedy, float repetitionPenalty, float temperature, int topK, float topP, float minP, long seed) {
        this(greedy, repetitionPenalty, temperature, topK, topP, minP, 0, 0, Map.of(), seed);
    }

    private static void require(boolean holds, String name, String expected, Number got) {
        if (!holds) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", got " + got);
        }
    }

    /** Refuses a bias of a token that a model does not have. */
    void requireFits(int vocabulary) {
        logitBias.keySet().stream()
                .sorted()
                .forEach(token -> require(
                        token < vocabulary, "logit bias", "token ids below the vocabulary size " + vocabulary, token));
    }

    /** As a machine takes it. */
    SamplerSettings settings() {
        return new SamplerSettings(
                greedy,
                repetitionPenalty,
                temperature,
                topK,
                topP,
                minP,
                frequencyPenalty,
                presencePenalty,
                !logitBias.isEmpty(),
                seed);
    }

    /** The same, greedy or not. */
    public Sampling withGreedy(boolean value) {
        return new Sampling(
                value,
                repetitionPenalty,
                temperature,
                topK,
                topP,
                minP,
                frequencyPenalty,
                presencePenalty,
                logitBias,
                seed);
    }

    /** The same with another repetition penalty. */
    public Sampling withRepetitionPenalty(float value) {
        return new Sampling(
                greedy, value, temperature, topK, topP, minP, frequencyPenalty, presencePenalty, logitBias, seed);
    }

    /** The same, sampling at this temperature. */
    public Sampling withTemperature(float value) {
        return new Sampling(
                false, repetitionPenalty, value, topK, topP, minP, frequencyPenalty, presencePenalty, logitBias, seed);
    }

    /** The same with another top-k. */
    public Sampling withTopK(int value) {
        return new Sampling(
                greedy,
                repetitionPenalty,
                temperature,
                value,
                topP,
                minP,
                frequencyPenalty,
                presencePenalty,
                logitBias,
                seed);
    }

    /** The same with another top-p. */
    public Sampling withTopP(float value) {
        return new Sampling(
                greedy,
                repetitionPenalty,
                temperature,
                topK,
                value,
                minP,
                frequencyPenalty,
                presencePenalty,
                logitBias,
                seed);
    }

    /** The same with another min-p. */
    public Sampling withMinP(float value) {
        return new Sampling(
                greedy,
                repetitionPenalty,
                temperature,
                topK,
                topP,
                value,
                frequencyPenalty,
                presencePenalty,
                logitBias,
                seed);
    }

    /** The same with another frequency penalty. */
    public Sampling withFrequencyPenalty(float value) {
        return new Sampling(
                greedy, repetitionPenalty, temperature, topK, topP, minP, value, presencePenalty, logitBias, seed);
    }

    /** The same with another presence penalty. */
    public Sampling withPresencePenalty(float value) {
        return new Sampling(
                greedy, repetitionPenalty, temperature, topK, topP, minP, frequencyPenalty, value, logitBias, seed);
    }

    /** The same with other biases of tokens. */
    public Sampling withLogitBias(Map<Integer, Float> value) {
        return new Sampling(
                greedy,
                repetitionPenalty,
                temperature,
                topK,
                topP,
                minP,
                frequencyPenalty,
                presencePenalty,
                value,
                seed);
    }

    /** The same with another seed. */
    public Sampling withSeed(long value) {
        return new Sampling(
                greedy,
                repetitionPenalty,
                temperature,
                topK,
                topP,
                minP,
                frequencyPenalty,
                presencePenalty,
                logitBias,
                value);
    }
}
