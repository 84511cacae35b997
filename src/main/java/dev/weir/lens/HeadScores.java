package dev.weir.lens;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How much of its attention a head gives, on average, to what a kind of head is named after. All are means over queries of the
 * weight of one key, in [0, 1]; a head that looks everywhere alike has the mean of one over the number of keys.
 *
 * @param previous to the token before
 * @param duplicate from a token to where the same one stood before
 * @param induction from a token to the one that followed it where it stood before: Olsson et al., "In-context learning and induction
 *     heads", 2022
 * @param current to the token itself
 * @param first to the first token of the sequence
 */
public record HeadScores(
        int layer, int head, double previous, double duplicate, double induction, double current, double first) {

    /** The mean of scores of one head on several sequences. */
    static HeadScores mean(List<HeadScores> scores) {
        HeadScores any = scores.getFirst();
        return new HeadScores(
                any.layer,
                any.head,
                mean(scores, HeadScores::previous),
                mean(scores, HeadScores::duplicate),
                mean(scores, HeadScores::induction),
                mean(scores, HeadScores::current),
                mean(scores, HeadScores::first));
    }

    private static double mean(List<HeadScores> scores, ToDoubleFunction<HeadScores> which) {
        return scores.stream().mapToDouble(which).average().orElseThrow();
    }

    /** TransformerLens' name for the head: {@code L3H7}. */
    public String label() {
        return "L" + layer + "H" + head;
    }
}
