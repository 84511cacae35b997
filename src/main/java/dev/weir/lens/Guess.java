package dev.weir.lens;

/**
 * A token that may come next.
 *
 * @param probability of the softmax over the whole vocabulary
 * @param rank 0 for the likeliest token; of equally likely ones the lowest id is before
 */
public record Guess(int token, float logit, double probability, int rank) {}
