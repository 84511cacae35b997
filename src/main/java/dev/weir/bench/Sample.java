package dev.weir.bench;

import java.util.Arrays;

/**
 * A figure that was measured several times: machines are noisy, so the median is quoted.
 *
 * @param values ascending
 */
public record Sample(double[] values) {

    public Sample {
        values = values.clone();
        Arrays.sort(values);
        if (values.length == 0) {
            throw new IllegalArgumentException("sample: expected at least one value, got none");
        }
    }

    /** The middle value, or the mean of the two in the middle. */
    public double median() {
        int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    /** The smallest value. */
    public double min() {
        return values[0];
    }

    /** The largest value. */
    public double max() {
        return values[values.length - 1];
    }
}
