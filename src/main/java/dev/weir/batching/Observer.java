package dev.weir.batching;

import dev.weir.engine.Generation.FinishReason;

/** Hears what a {@link Scheduler} does, on its thread, and ought to be quick. Times are nanoseconds. */
public interface Observer {

    /** Hears nothing. */
    Observer NONE = new Observer() {};

    /** A request was not accepted. */
    default void onRefused() {}

    /**
     * A request begins to run.
     *
     * @param waited since its submission
     * @param sharedTokens tokens of the prompt that another request had computed
     */
    default void onBegun(long waited, int promptTokens, int sharedTokens) {}

    /**
     * A request's first token was chosen.
     *
     * @param since its submission
     */
    default void onFirstToken(long since) {}

    /**
     * A further token was chosen.
     *
     * @param since the one before it
     */
    default void onToken(long since) {}

    /**
     * A step was made.
     *
     * @param sequences that took part
     * @param promptRows rows of prompts
     * @param decodeRows rows of tokens that were chosen before
     */
    default void onStep(int sequences, int promptRows, int decodeRows, long took) {}

    /** A request is through. */
    default void onEnded(FinishReason reason, int newTokens) {}

    /** A request could not be finished. */
    default void onFailed(Throwable cause) {}
}
