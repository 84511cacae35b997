package dev.weir.steering;

import java.util.List;

/** Arithmetic on rows of the stream, in float64. */
final class Rows {

    private Rows() {}

    /** The mean of rows of one length. */
    static float[] mean(List<float[]> rows) {
        return toFloats(sum(rows), 1.0 / rows.size());
    }

    /** The mean of some minus the mean of others. */
    static float[] meanDifference(List<float[]> some, List<float[]> others) {
        double[] a = sum(some);
        double[] b = sum(others);
        for (int c = 0; c < a.length; c++) {
            a[c] = a[c] / some.size() - b[c] / others.size();
        }
        return toFloats(a, 1);
    }

    private static double[] sum(List<float[]> rows) {
        double[] sum = new double[rows.getFirst().length];
        for (float[] row : rows) {
            for (int c = 0; c < sum.length; c++) {
                sum[c] += row[c];
            }
        }
        return sum;
    }

    /** Rounded, so many times. */
    static float[] toFloats(double[] values, double factor) {
        float[] floats = new float[values.length];
        for (int c = 0; c < floats.length; c++) {
            floats[c] = (float) (values[c] * factor);
        }
        return floats;
    }

    static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int c = 0; c < a.length; c++) {
            sum += (double) a[c] * b[c];
        }
        return sum;
    }

    static double norm(float[] row) {
        return Math.sqrt(dot(row, row));
    }
}
