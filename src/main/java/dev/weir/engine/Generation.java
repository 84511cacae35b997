package dev.weir.engine;

import java.util.List;

/**
 * What was generated from one prompt.
 *
 * @param promptTokens the prompt as token ids
 * @param tokens the new token ids, the one that ended the text included
 * @param text the new text, without the prompt and without what stopped it; empty when the model has no tokenizer
 */
public record Generation(List<Integer> promptTokens, List<Integer> tokens, String text, FinishReason finishReason) {

    /** Why a generation ended. */
    public enum FinishReason {
        /** A token that ends a text was chosen. */
        END_OF_TEXT,
        /** A stop text appeared. */
        STOP,
        /** As many tokens as were allowed. */
        LENGTH,
        /** The caller wanted no more. */
        CANCELLED,
        /** The time that it was allowed was over. */
        DEADLINE
    }

    public Generation {
        promptTokens = List.copyOf(promptTokens);
        tokens = List.copyOf(tokens);
    }
}
