package dev.weir.lens;

import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;

/**
 * What each part of the stream puts into the logit of a token, or into the difference of two: direct logit attribution.
 *
 * @param position whose next token it is
 * @param against the token whose logit is subtracted, if it is a difference
 * @param parts in the order of the decomposition, the bias of the final norm last
 * @param logit the model's own logit, or difference
 */
public record Attribution(int position, int token, OptionalInt against, List<Part> parts, double logit) {

    /** What the final norm's bias is called among the parts. */
    public static final String BIAS = "ln_final.b";

    public Attribution {
        parts = List.copyOf(parts);
    }

    /** One part's share, in units of logits. */
    public record Part(String label, double logit) {}

    /** What the parts do not explain: float32 rounds the stream's sums, and the parts here are not rounded. */
    public double remainder() {
        return logit - parts.stream().mapToDouble(Part::logit).sum();
    }

    /** The parts, those that matter most first, whatever their sign. */
    public List<Part> strongest() {
        return parts.stream()
                .sorted(Comparator.comparingDouble((Part part) -> Math.abs(part.logit()))
                        .reversed())
                .toList();
    }
}
