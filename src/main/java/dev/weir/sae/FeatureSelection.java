package dev.weir.sae;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which features of a row are active. NaN is active, so that it can be seen.
 *
 * @param k features kept of a row, of {@link Architecture#TOPK}
 * @param thresholds of {@link Architecture#JUMPRELU}, one for each feature
 */
record FeatureSelection(Architecture architecture, int k, float[] thresholds) {

    /** The features of one row, ascending. */
    List<Activation> select(float[] products, int from) {
        var active = new ArrayList<Activation>();
        float least = architecture == Architecture.TOPK ? kthLargest(products, from) : Float.NEGATIVE_INFINITY;
        int ties = architecture == Architecture.TOPK ? k - above(products, from, least) : Integer.MAX_VALUE;
        for (int feature = 0; feature < thresholds.length; feature++) {
            float value = products[from + feature];
            int order = Float.compare(value, least);
            if (order < 0 || (order == 0 && ties-- <= 0)) {
                continue;
            }
            boolean isBelow = architecture == Architecture.JUMPRELU && value <= thresholds[feature];
            if (!(value <= 0) && !isBelow) {
                active.add(new Activation(feature, value));
            }
        }
        return active;
    }

    private float kthLargest(float[] products, int from) {
        float[] sorted = Arrays.copyOfRange(products, from, from + thresholds.length);
        Arrays.sort(sorted);
        return sorted[sorted.length - k];
    }

    private int above(float[] products, int from, float least) {
        int count = 0;
        for (int feature = 0; feature < thresholds.length; feature++) {
            count += Float.compare(products[from + feature], least) > 0 ? 1 : 0;
        }
        return count;
    }
}
