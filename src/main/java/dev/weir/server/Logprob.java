package dev.weir.server;

/** Logarithms of probabilities as JSON can write them. */
final class Logprob {

    /** What OpenAI writes for tokens that are as good as impossible. */
    private static final float LOWEST = -9999;

    private Logprob() {}

    static float of(float logprob) {
        return logprob > LOWEST ? logprob : LOWEST;
    }
}
