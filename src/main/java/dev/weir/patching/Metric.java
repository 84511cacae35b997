package dev.weir.patching;

/** One number about the logits after the last token of a prompt. */
public sealed interface Metric {

    /** The logit of one token less that of another. */
    record LogitDifference(int answer, int other) implements Metric {}

    /** The probability of a token. */
    record Probability(int token) implements Metric {}

    /**
     * How far what comes next is from what comes next after the clean prompt, in nats: sum of p ln(p / q), p the clean distribution. 0
     * where they are the same. Source: Kullback and Leibler, "On information and sufficiency", 1951.
     */
    record KlDivergence() implements Metric {}

    /**
     * The number.
     *
     * @param logits [V]
     * @param clean the logits after the clean prompt, [V]
     */
    default double of(float[] logits, float[] clean) {
        return switch (this) {
            case LogitDifference m -> (double) logits[m.answer] - logits[m.other];
            case Probability m -> Math.exp(logits[m.token] - logSum(logits));
            case KlDivergence m -> divergence(clean, logits);
        };
    }

    /**
     * Refuses tokens that are not of a vocabulary.
     *
     * @throws IllegalArgumentException naming the first such token
     */
    default void requireWithin(int vocabulary) {
        switch (this) {
            case LogitDifference m -> {
                requireToken(m.answer, vocabulary);
                requireToken(m.other, vocabulary);
            }
            case Probability m -> requireToken(m.token, vocabulary);
            case KlDivergence m -> {}
        }
    }

    private static void requireToken(int token, int vocabulary) {
        if (token < 0 || token >= vocabulary) {
            throw new IllegalArgumentException(
                    "metric: expected a token id below the vocabulary size " + vocabulary + ", got " + token);
        }
    }

    private static double divergence(float[] p, float[] q) {
        double logSumP = logSum(p);
        double logSumQ = logSum(q);
        double sum = 0;
        for (int token = 0; token < p.length; token++) {
            double logP = p[token] - logSumP;
            double probability = Math.exp(logP);
            if (probability > 0) { // what never comes counts nothing, as in the limit
                sum += probability * (logP - (q[token] - logSumQ));
            }
        }
        return sum;
    }

    private static double logSum(float[] logits) {
        double highest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            highest = Math.max(highest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - highest);
        }
        return highest + Math.log(sum);
    }
}
