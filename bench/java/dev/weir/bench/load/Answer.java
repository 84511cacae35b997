package dev.weir.bench.load;

import java.util.List;

/**
 * What a client heard.
 *
 * @param tokens new ones, as the server counted them
 * @param promptTokens of the prompt that were computed and not found in a page of an earlier one
 * @param first nanoseconds from the question to the first piece of text
 * @param gaps nanoseconds from each piece to the next
 */
record Answer(String text, String finishReason, int tokens, int promptTokens, long first, List<Long> gaps) {

    /** Tokens that went through the model. */
    int computed() {
        return promptTokens + tokens;
    }

    /** Whether both say the same, at whatever speed and cost. */
    boolean says(Answer other) {
        return text.equals(other.text) && finishReason.equals(other.finishReason) && tokens == other.tokens;
    }
}
