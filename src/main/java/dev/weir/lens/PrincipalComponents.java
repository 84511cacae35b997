package dev.weir.lens;

import java.util.Arrays;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.QRDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;

/**
 * The directions in which rows vary most, by a singular value decomposition of the centred rows in float64.
 *
 * @param mean [width] of the rows
 * @param variances along each direction, falling: squares of the singular values over (rows - 1)
 * @param directions [components][width], each of norm 1; its largest element is positive
 */
public record PrincipalComponents(double[] mean, double[] variances, double[][] directions) {

    /**
     * Those of rows.
     *
     * @throws IllegalArgumentException for less than two rows
     */
    public static PrincipalComponents of(SampledRows rows) {
        if (rows.count() < 2) {
            throw new IllegalArgumentException(
                    "principal components of " + rows.point() + ": expected at least two rows, got " + rows.count());
        }
        double[] mean = mean(rows);
        var svd = new SingularValueDecomposition(square(centred(rows, mean)));
        double[] variances = Arrays.stream(svd.getSingularValues())
                .map(s -> s * s / (rows.count() - 1))
                .toArray();
        double[][] directions = svd.getVT().getData();
        Arrays.stream(directions).forEach(PrincipalComponents::turn);
        return new PrincipalComponents(mean, variances, directions);
    }

    private static double[] mean(SampledRows rows) {
        var mean = new double[rows.width()];
        for (int i = 0; i < rows.values().length; i++) {
            mean[i % mean.length] += rows.values()[i];
        }
        return Arrays.stream(mean).map(sum -> sum / rows.count()).toArray();
    }

    private static RealMatrix centred(SampledRows rows, double[] mean) {
        var centred = new double[rows.count()][rows.width()];
        for (int i = 0; i < rows.values().length; i++) {
            int column = i % mean.length;
            centred[i / mean.length][column] = rows.values()[i] - mean[column];
        }
        return MatrixUtils.createRealMatrix(centred);
    }

    /**
     * Of many rows the triangle R of QR = rows, which has the same singular values and the same directions: Chan, "An improved algorithm
     * for computing the singular value decomposition", 1982.
     */
    private static RealMatrix square(RealMatrix rows) {
        int width = rows.getColumnDimension();
        return rows.getRowDimension() <= width
                ? rows
                : new QRDecomposition(rows).getR().getSubMatrix(0, width - 1, 0, width - 1);
    }

    /** A direction and its opposite are the same component; which one it is shall not be left to chance. */
    private static void turn(double[] direction) {
        double furthest = 0;
        for (double x : direction) {
            furthest = Math.abs(x) > Math.abs(furthest) ? x : furthest;
        }
        for (int i = 0; furthest < 0 && i < direction.length; i++) {
            direction[i] = -direction[i];
        }
    }

    /** The share of all variance that lies along a component. */
    public double share(int component) {
        return variances[component] / Arrays.stream(variances).sum();
    }

    /**
     * In how many directions the rows vary, (sum of variances)^2 / sum of squared variances: from 1, when all lies on a line, to the
     * width, when every direction is alike. Source: Gao et al., "A theory of multineuronal dimensionality", 2017.
     */
    public double participationRatio() {
        double sum = Arrays.stream(variances).sum();
        double squares = Arrays.stream(variances).map(v -> v * v).sum();
        return sum * sum / squares;
    }

    /** How far a row lies along a component, from the mean. */
    public double coordinate(int component, float[] row) {
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += (row[i] - mean[i]) * directions[component][i];
        }
        return sum;
    }
}
