package dev.weir.lens;

import dev.weir.engine.Weight;
import dev.weir.engine.Weir;
import java.util.OptionalInt;

/**
 * The direction of the stream in which the logit of a token grows, or the difference of two logits: TransformerLens' {@code
 * tokens_to_residual_directions} of a model with folded norms. Its product with a centred and divided stream is the logit, less the
 * bias.
 *
 * @param against the token whose logit is subtracted, if it is a difference
 * @param vector [D], the column of W_U times the final norm's weight
 * @param bias what the final norm's bias puts into the logit of any stream
 */
public record LogitDirection(int token, OptionalInt against, double[] vector, double bias) {

    /**
     * That of one logit.
     *
     * @throws IllegalArgumentException for a token that the model does not have
     */
    public static LogitDirection of(Weir weir, int token) {
        return of(weir, token, OptionalInt.empty());
    }

    /**
     * That of one logit less another.
     *
     * @throws IllegalArgumentException for a token that the model does not have
     */
    public static LogitDirection of(Weir weir, int token, int against) {
        return of(weir, token, OptionalInt.of(against));
    }

    private static LogitDirection of(Weir weir, int token, OptionalInt against) {
        Weight unembedding = weir.weight("unembed.W_U");
        var vector = new double[unembedding.rows()];
        add(vector, 1, column(unembedding, token));
        against.ifPresent(other -> add(vector, -1, column(unembedding, other)));
        float[] weight = weir.weight("ln_final.w").row(0);
        float[] norm = weir.weight("ln_final.b").row(0);
        double bias = 0;
        for (int i = 0; i < vector.length; i++) {
            bias += norm[i] * vector[i];
            vector[i] *= weight[i];
        }
        return new LogitDirection(token, against, vector, bias);
    }

    private static float[] column(Weight unembedding, int token) {
        if (token < 0 || token >= unembedding.columns()) {
            throw new IllegalArgumentException(
                    "token id " + token + ": expected one below the vocabulary size " + unembedding.columns());
        }
        return unembedding.column(token);
    }

    private static void add(double[] vector, int sign, float[] column) {
        for (int i = 0; i < vector.length; i++) {
            vector[i] += sign * (double) column[i];
        }
    }

    /** The logit, or the difference, among the logits of a row. */
    double in(float[] logits) {
        return logits[token] - (against.isPresent() ? (double) logits[against.getAsInt()] : 0);
    }
}
