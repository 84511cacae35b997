package dev.weir.batching;

import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a caller wants of a {@link Scheduler}.
 *
 * @param options how to generate; empty for one pass over the prompt and nothing else
 * @param logprobs how many of the most likely tokens are told beside each token, 0 for itself alone; empty for no probabilities
 * @param ofPrompt whether the probabilities of the prompt's tokens are told too
 * @param tracing what is seen of this request alone, and where that goes; the sink is called by the scheduler's thread and ought to be
 *     quick
 * @param timeLimit from submission on; a request that is not through by then ends with what it has
 */
public record Request(
        Prompt prompt,
        Optional<GenerationOptions> options,
        OptionalInt logprobs,
        boolean ofPrompt,
        Optional<Tracing> tracing,
        Optional<Duration> timeLimit) {

    /** Most of the tokens that can be told beside each token. */
    public static final int MAX_LOGPROBS = 100;

    /** A request that can be understood. */
    public Request {
        if (logprobs.isPresent() && (logprobs.getAsInt() < 0 || logprobs.getAsInt() > MAX_LOGPROBS)) {
            throw new IllegalArgumentException(
                    "logprobs: expected from 0 to " + MAX_LOGPROBS + ", got " + logprobs.getAsInt());
        }
        if (ofPrompt && logprobs.isEmpty()) {
            throw new IllegalArgumentException("probabilities of the prompt: expected a number of logprobs, got none");
        }
        if (timeLimit.isPresent() && !timeLimit.get().isPositive()) {
            throw new IllegalArgumentException("time limit: expected above 0, got " + timeLimit.get());
        }
    }

    /** Continue a prompt. */
    public static Request generate(Prompt prompt, GenerationOptions options) {
        return new Request(
                prompt, Optional.of(options), OptionalInt.empty(), false, Optional.empty(), Optional.empty());
    }

    /** One pass over a prompt, to see what it does to the model. */
    public static Request forward(Prompt prompt) {
        return new Request(prompt, Optional.empty(), OptionalInt.empty(), false, Optional.empty(), Optional.empty());
    }

    /** The same, telling the probability of each new token and the most likely ones beside it. */
    public Request withLogprobs(int top) {
        return new Request(prompt, options, OptionalInt.of(top), ofPrompt, tracing, timeLimit);
    }

    /** The same, telling those of the prompt's tokens too. */
    public Request withLogprobsOfPrompt(int top) {
        return new Request(prompt, options, OptionalInt.of(top), true, tracing, timeLimit);
    }

    /** The same, traced. */
    public Request withTracing(Tracing value) {
        return new Request(prompt, options, logprobs, ofPrompt, Optional.of(value), timeLimit);
    }

    /** The same with a limit on its time, waiting included. */
    public Request withTimeLimit(Duration value) {
        return new Request(prompt, options, logprobs, ofPrompt, tracing, Optional.of(value));
    }
}
