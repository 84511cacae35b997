package dev.weir.steering;

/**
 * A linear classifier of rows of the stream: w . x + b, positive for one class and negative for the other.
 *
 * @param weights w, in the units of the stream
 * @param bias b
 */
public record LinearProbe(double[] weights, double bias) {

    /** How far on the positive side a row lies; of a logistic probe, the log odds. */
    public double score(float[] row) {
        if (row.length != weights.length) {
            throw new IllegalArgumentException(
                    "probe: expected rows of " + weights.length + " values, got " + row.length);
        }
        double score = bias;
        for (int c = 0; c < row.length; c++) {
            score += weights[c] * row[c];
        }
        return score;
    }

    /** The weights as a direction of the stream. */
    public float[] direction() {
        return Rows.toFloats(weights, 1);
    }
}
