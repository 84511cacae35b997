package dev.weir.report;

import dev.weir.engine.Weir;
import dev.weir.hook.Trace;
import dev.weir.lens.Decomposition;
import dev.weir.lens.Guess;
import dev.weir.lens.LensView;
import dev.weir.lens.LogitDirection;
import dev.weir.lens.ResidualStack;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Direct logit attribution at every position, of two tokens: the one that the model holds likeliest, and the one that really follows.
 *
 * @param labels of the C parts, as {@code decompose_resid} has them: {@code embed}, {@code pos_embed}, {@code 0_attn_out}, ...
 * @param said of the likeliest token of each position
 * @param next of the token that follows; at the last position -1 and NaN
 */
public record LogitParts(List<String> labels, Target said, Target next) {

    public LogitParts {
        labels = List.copyOf(labels);
    }

    /**
     * What the parts add to the logit of a token, P positions.
     *
     * @param tokens [P]
     * @param logits [P], the model's own
     * @param bias [P], what the bias of the final norm adds
     * @param parts [C, P] row-major; with the bias they are the logit, but for rounding
     * @param heads [L H, P] row-major, shares of the attention parts
     */
    public record Target(int[] tokens, float[] logits, float[] bias, float[] parts, float[] heads) {

        private static Target of(int positions, int parts, int heads) {
            int[] tokens = new int[positions];
            Arrays.fill(tokens, -1);
            return new Target(
                    tokens,
                    unknown(positions),
                    unknown(positions),
                    unknown(parts * positions),
                    unknown(heads * positions));
        }

        private static float[] unknown(int count) {
            float[] values = new float[count];
            Arrays.fill(values, Float.NaN);
            return values;
        }

        private void set(int position, Guess guess, LogitDirection direction, double[][] attributions) {
            tokens[position] = guess.token();
            logits[position] = guess.logit();
            bias[position] = (float) direction.bias();
            int count = parts.length / tokens.length;
            for (int i = 0; i < attributions.length; i++) {
                float[] values = i < count ? parts : heads;
                values[(i < count ? i : i - count) * tokens.length + position] = (float) attributions[i][0];
            }
        }
    }

    /**
     * Of a sequence of a trace.
     *
     * @param lens whose last station is the end of the model, with the token that follows as the chosen one
     */
    static LogitParts of(Weir weir, Trace trace, int sequence, LensView lens) {
        int layers = weir.config().layers();
        int heads = layers * weir.config().heads();
        int positions = lens.positions().size();
        List<String> labels = new Decomposition(weir, trace, sequence, List.of(0))
                .decomposeResid(layers, false)
                .labels();
        var result = new LogitParts(
                labels, Target.of(positions, labels.size(), heads), Target.of(positions, labels.size(), heads));
        for (int position = 0; position < positions; position++) {
            result.attribute(weir, new Decomposition(weir, trace, sequence, List.of(position)), layers, lens, position);
        }
        return result;
    }

    private void attribute(Weir weir, Decomposition parts, int layers, LensView lens, int position) {
        ResidualStack stack = parts.decomposeResid(layers, false).and(parts.stackHeadResults(layers, false, false));
        LensView.Cell end = lens.at(layers, position);
        Guess likeliest = end.top().getFirst();
        LogitDirection direction = LogitDirection.of(weir, likeliest.token());
        said.set(position, likeliest, direction, parts.logitAttrs(stack, direction));
        Optional<Guess> follows = end.chosen().stream().findFirst();
        if (follows.isPresent()) {
            LogitDirection other = LogitDirection.of(weir, follows.get().token());
            next.set(position, follows.get(), other, parts.logitAttrs(stack, other));
        }
    }
}
