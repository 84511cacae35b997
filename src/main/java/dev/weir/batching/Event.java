package dev.weir.batching;

import dev.weir.engine.Generation;
import java.util.List;
import java.util.Optional;

/** What happens to a request, in this order: {@link Read} once, {@link Token} for each token, {@link Ended} once. */
public sealed interface Event {

    /**
     * The prompt has gone through the model.
     *
     * @param promptTokens tokens of the prompt
     * @param sharedTokens how many of them another request had computed
     * @param logprobs of the prompt's tokens from the second on, where they were asked for
     */
    record Read(int promptTokens, int sharedTokens, List<TokenLogprobs> logprobs) implements Event {
        /** Nobody can change them. */
        public Read {
            logprobs = List.copyOf(logprobs);
        }
    }

    /**
     * A token was chosen.
     *
     * @param index how many were chosen before it
     * @param text what is now certain to belong to the text: whole characters and no part of a stop text, often several tokens' or none
     * @param logprobs where they were asked for
     */
    record Token(int index, int id, String text, Optional<TokenLogprobs> logprobs) implements Event {}

    /**
     * The request is through, or was ended. A trace has been ended by then.
     *
     * @param generation what came of it; of one that was ended before its time, as far as it had come
     */
    record Ended(Generation generation) implements Event {}
}
