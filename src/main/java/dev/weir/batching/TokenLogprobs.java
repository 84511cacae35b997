package dev.weir.batching;

import java.util.List;

/**
 * How likely the model found a token: natural logarithms of the softmax of its logits, before anything that a sampler does to them.
 *
 * @param top the most likely tokens at its place, the likeliest first
 */
public record TokenLogprobs(int token, float logprob, List<Candidate> top) {

    /** A token that could have stood there. */
    public record Candidate(int token, float logprob) {}

    /** Nobody can change them. */
    public TokenLogprobs {
        top = List.copyOf(top);
    }
}
