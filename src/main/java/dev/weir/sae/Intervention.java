package dev.weir.sae;

import dev.weir.hook.Span;
import java.util.Map;
import java.util.TreeMap;

/**
 * What becomes of features where an autoencoder stands in the stream.
 *
 * @param factors what the activation of a feature is multiplied by: 0 ablates it, 3 makes it three times as strong; others stay
 * @param keepsError whether the stream keeps what the autoencoder does not reconstruct, so that without a factor nothing changes
 * @param positions that are changed, counted from 0
 */
public record Intervention(Map<Integer, Float> factors, boolean keepsError, Span positions) {

    /** The stream as it is. */
    public static final Intervention NONE = new Intervention(Map.of(), true, Span.ALL);

    /** The reconstruction in place of the stream. */
    public static final Intervention RECONSTRUCTION = new Intervention(Map.of(), false, Span.ALL);

    public Intervention {
        factors = Map.copyOf(factors);
        if (positions.ofPrompt()) {
            throw new IllegalArgumentException("positions: expected counted from 0, got " + positions + " of a prompt");
        }
        factors.forEach((feature, factor) -> {
            if (!Float.isFinite(factor)) {
                throw new IllegalArgumentException(
                        "factor of feature " + feature + ": expected a finite number, got " + factor);
            }
        });
    }

    /** The same, and a feature so many times as strong. */
    public Intervention scale(int feature, float factor) {
        var more = new TreeMap<>(factors);
        more.put(feature, factor);
        return new Intervention(more, keepsError, positions);
    }

    /** The same, and a feature gone. */
    public Intervention ablate(int feature) {
        return scale(feature, 0);
    }

    /** The same at these positions only. */
    public Intervention at(Span span) {
        return new Intervention(factors, keepsError, span);
    }

    double factor(int feature) {
        return factors.getOrDefault(feature, 1f);
    }
}
