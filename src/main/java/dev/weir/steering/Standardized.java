package dev.weir.steering;

import java.util.Arrays;
import java.util.List;

/**
 * Rows with every column centred and divided by its standard deviation, so that one penalty is fair to all columns; a column that never
 * varies stays zero.
 *
 * @param z [N][D]
 */
record Standardized(double[][] z, double[] mean, double[] deviation) {

    static Standardized of(List<float[]> rows) {
        float[] first = rows.getFirst();
        int columns = first.length;
        double[] mean = new double[columns];
        double[] deviation = new double[columns];
        Arrays.setAll(mean, c -> first[c]);
        for (float[] row : rows) {
            for (int c = 0; c < columns; c++) {
                mean[c] += ((double) row[c] - first[c]) / rows.size(); // so that of equal values it is that value
            }
        }
        for (float[] row : rows) {
            for (int c = 0; c < columns; c++) {
                deviation[c] += (row[c] - mean[c]) * (row[c] - mean[c]) / rows.size();
            }
        }
        for (int c = 0; c < columns; c++) {
            deviation[c] = deviation[c] > 0 ? Math.sqrt(deviation[c]) : 1;
        }
        double[][] z = new double[rows.size()][columns];
        for (int r = 0; r < z.length; r++) {
            for (int c = 0; c < columns; c++) {
                z[r][c] = (rows.get(r)[c] - mean[c]) / deviation[c];
            }
        }
        return new Standardized(z, mean, deviation);
    }

    /** The probe of the rows as they were that says of each what u . z + bias says of it as it is here. */
    LinearProbe probe(double[] u, double bias) {
        double[] weights = new double[u.length];
        double b = bias;
        for (int c = 0; c < u.length; c++) {
            weights[c] = u[c] / deviation[c];
            b -= weights[c] * mean[c];
        }
        return new LinearProbe(weights, b);
    }

    /** Z v */
    double[] times(double[] v) {
        double[] product = new double[z.length];
        for (int r = 0; r < z.length; r++) {
            for (int c = 0; c < v.length; c++) {
                product[r] += z[r][c] * v[c];
            }
        }
        return product;
    }

    /** Z' v */
    double[] transposedTimes(double[] v) {
        double[] product = new double[mean.length];
        for (int r = 0; r < z.length; r++) {
            for (int c = 0; c < product.length; c++) {
                product[c] += z[r][c] * v[r];
            }
        }
        return product;
    }
}
