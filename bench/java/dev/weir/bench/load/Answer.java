package dev.weir.bench.load;

import java.util.List;

/**
 * What a client heard.
 *
 * @param tokens that the server counted
 * @param first nanoseconds from the question to the first piece of text
 * @param gaps nanoseconds from each piece to the next
 */
record Answer(String text, String finishReason, int tokens, long first, List<Long> gaps) {

    /** Whether both say the same, at whatever speed. */
    boolean says(Answer other) {
        return text.equals(other.text) && finishReason.equals(other.finishReason) && tokens == other.tokens;
    }
}
