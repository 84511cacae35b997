package dev.weir.sae;

import java.util.Map;
import java.util.TreeMap;

/**
 * What becomes of features where an autoencoder stands in the stream.
 *
 * @param factors what the activation of a feature is multiplied by: 0 ablates it, 3 makes it three times as strong; others stay
 * @param keepsError whether the stream keeps what the autoencoder does not reconstruct, so that without a factor nothing changes
 * @param from the first position that is changed
 * @param to the position after the last
 */
public record Intervention(Map<Integer, Float> factors, boolean keepsError, int from, int to) {

    /** The stream as it is. */
    public static final Intervention NONE = new Intervention(Map.of(), true, 0, Integer.MAX_VALUE);

    /** The reconstruction in place of the stream. */
    public static final Intervention RECONSTRUCTION = new Intervention(Map.of(), false, 0, Integer.MAX_VALUE);

    public Intervention {
        factors = Map.copyOf(factors);
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
        return new Intervention(more, keepsError, from, to);
    }

    /** The same, and a feature gone. */
    public Intervention ablate(int feature) {
        return scale(feature, 0);
    }

    /** The same for the positions from this one up to, and not with, that one. */
    public Intervention between(int first, int end) {
        return new Intervention(factors, keepsError, first, end);
    }

    double factor(int feature) {
        return factors.getOrDefault(feature, 1f);
    }

    boolean touches(int position) {
        return position >= from && position < to;
    }
}
