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
        double[] mean = rows.mean();
        var svd = new SingularValueDecomposition(square(MatrixUtils.createRealMatrix(rows.centred())));
        double[] variances = Arrays.stream(svd.getSingularValues())
                .map(s -> s * s / (rows.count() - 1))
                .toArray();
        double[][] directions = svd.getVT().getData();
        Arrays.stream(directions).forEach(PrincipalComponents::turn);
        return new PrincipalComponents(mean, variances, directions);
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

    /** How far a row lies along a component, from the mean. */
    public double coordinate(int component, float[] row) {
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += (row[i] - mean[i]) * directions[component][i];
        }
        return sum;
    }
}
