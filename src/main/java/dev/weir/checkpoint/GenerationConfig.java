package dev.weir.checkpoint;

import java.util.List;
import java.util.OptionalInt;

/**
 * A {@code generation_config.json}, with Hugging Face's names and defaults.
 *
 * @param doSample false: take the most likely token, and the next four mean nothing
 * @param temperature logits are divided by it
 * @param topK so many of the most likely tokens stay; 0 keeps all
 * @param topP as many of the most likely tokens stay as reach this probability; 1 keeps all
 * @param minP tokens stay whose probability is at least this share of the highest; 0 keeps all
 * @param repetitionPenalty divides the positive logits of tokens that occurred, and multiplies the negative ones (Keskar et al. 2019)
 * @param maxNewTokens empty when the file does not say
 * @param endOfText {@code eos_token_id}: token ids that end a text
 */
public record GenerationConfig(
        boolean doSample,
        float temperature,
        int topK,
        float topP,
        float minP,
        float repetitionPenalty,
        OptionalInt maxNewTokens,
        List<Integer> endOfText) {

    /** What holds where there is no file. */
    public static final GenerationConfig DEFAULT =
            new GenerationConfig(false, 1, 50, 1, 0, 1, OptionalInt.empty(), List.of());

    public GenerationConfig {
        endOfText = List.copyOf(endOfText);
    }
}
