package dev.weir.steering;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.ConjugateGradient;
import org.apache.commons.math3.linear.RealLinearOperator;
import org.apache.commons.math3.linear.RealVector;

/**
 * How a probe is trained, on standardized columns Z, with a penalty on its weights u and none on its bias. The linear systems are solved
 * by conjugate gradients, so that no matrix of [D, D] is ever made.
 */
public enum ProbeMethod {
    /** The least of sum log(1 + exp(-y (u . z + b))) + l2/2 u . u, y being 1 or -1, by Newton's method. */
    LOGISTIC,
    /** The least of sum (u . z + b - y)^2 + l2 u . u, y being 1 or -1: (Z'Z + l2) u = Z'y, b = mean y. */
    RIDGE;

    private static final int MOST_STEPS = 100;
    private static final int MOST_ITERATIONS = 10_000;
    private static final double SMALLEST_GRADIENT = 1e-9;
    private static final double RESIDUAL = 1e-12;

    /** As the command line and files spell it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Trains a probe.
     *
     * @param l2 the penalty, above zero
     * @throws IllegalArgumentException if only one class is there
     */
    public LinearProbe train(ProbeData data, double l2) {
        if (!(l2 > 0) || Double.isInfinite(l2)) {
            throw new IllegalArgumentException("probe penalty: expected a number above zero, got " + l2);
        }
        if (data.positives() == 0 || data.positives() == data.rows().size()) {
            throw new IllegalArgumentException("probe: expected rows of two classes, got " + data.positives()
                    + " of one and " + (data.rows().size() - data.positives()) + " of the other");
        }
        Standardized rows = Standardized.of(data.rows());
        double[] y = data.positive().stream().mapToDouble(is -> is ? 1 : -1).toArray();
        return switch (this) {
            case LOGISTIC -> logistic(rows, y, l2);
            case RIDGE -> ridge(rows, y, l2);
        };
    }

    private static LinearProbe ridge(Standardized rows, double[] y, double l2) {
        double mean = Arrays.stream(y).average().orElseThrow();
        double[] target = rows.transposedTimes(y); // columns of Z sum to zero, so y need not be centred
        double[] u = solve(v -> plus(rows.transposedTimes(rows.times(v)), l2, v), target);
        return rows.probe(u, mean);
    }

    /** The last of the parameters is the bias. */
    private static LinearProbe logistic(Standardized rows, double[] y, double l2) {
        int bias = rows.mean().length;
        double[] parameters = new double[bias + 1];
        for (int step = 0; step < MOST_STEPS; step++) {
            double[] gradient = gradient(rows, y, l2, parameters);
            if (norm(gradient) <= SMALLEST_GRADIENT * y.length) {
                break;
            }
            double[] curvature = curvature(rows, y, parameters);
            double[] direction = solve(v -> hessian(rows, curvature, l2, v), gradient);
            parameters = downhill(rows, y, l2, parameters, direction);
        }
        return rows.probe(Arrays.copyOf(parameters, bias), parameters[bias]);
    }

    /** A step of Newton's, halved until it leads downhill. */
    private static double[] downhill(Standardized rows, double[] y, double l2, double[] from, double[] direction) {
        double before = loss(rows, y, l2, from);
        double[] to = from;
        for (double length = 1; length > RESIDUAL; length /= 2) {
            to = plus(from, -length, direction);
            if (loss(rows, y, l2, to) <= before) {
                return to;
            }
        }
        return from;
    }

    private static double[] margins(Standardized rows, double[] y, double[] parameters) {
        int bias = parameters.length - 1;
        double[] margins = rows.times(Arrays.copyOf(parameters, bias));
        for (int r = 0; r < margins.length; r++) {
            margins[r] = y[r] * (margins[r] + parameters[bias]);
        }
        return margins;
    }

    private static double loss(Standardized rows, double[] y, double l2, double[] parameters) {
        double loss = 0;
        for (double margin : margins(rows, y, parameters)) {
            loss += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
        }
        for (int c = 0; c < parameters.length - 1; c++) {
            loss += l2 / 2 * parameters[c] * parameters[c];
        }
        return loss;
    }

    private static double[] gradient(Standardized rows, double[] y, double l2, double[] parameters) {
        double[] pull = margins(rows, y, parameters);
        for (int r = 0; r < pull.length; r++) {
            pull[r] = -y[r] / (1 + Math.exp(pull[r]));
        }
        return withBias(rows, pull, l2, parameters);
    }

    /** p (1 - p) of each row. */
    private static double[] curvature(Standardized rows, double[] y, double[] parameters) {
        double[] curvature = margins(rows, y, parameters);
        for (int r = 0; r < curvature.length; r++) {
            double p = 1 / (1 + Math.exp(-curvature[r]));
            curvature[r] = p * (1 - p);
        }
        return curvature;
    }

    private static double[] hessian(Standardized rows, double[] curvature, double l2, double[] v) {
        double[] along = rows.times(Arrays.copyOf(v, v.length - 1));
        for (int r = 0; r < along.length; r++) {
            along[r] = curvature[r] * (along[r] + v[v.length - 1]);
        }
        return withBias(rows, along, l2, v);
    }

    /** [Z' a + l2 v, sum a] */
    private static double[] withBias(Standardized rows, double[] a, double l2, double[] v) {
        double[] product = Arrays.copyOf(rows.transposedTimes(a), v.length);
        for (int c = 0; c < v.length - 1; c++) {
            product[c] += l2 * v[c];
        }
        product[v.length - 1] = Arrays.stream(a).sum();
        return product;
    }

    private static double[] plus(double[] a, double factor, double[] b) {
        double[] sum = a.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += factor * b[i];
        }
        return sum;
    }

    private static double norm(double[] v) {
        return Math.sqrt(Arrays.stream(v).map(x -> x * x).sum());
    }

    /** The x for which the operator, symmetric and positive, gives b. */
    private static double[] solve(UnaryOperator<double[]> operator, double[] b) {
        if (norm(b) == 0) {
            return b.clone();
        }
        var linear = new RealLinearOperator() {
            @Override
            public int getRowDimension() {
                return b.length;
            }

            @Override
            public int getColumnDimension() {
                return b.length;
            }

            @Override
            public RealVector operate(RealVector x) {
                return new ArrayRealVector(operator.apply(x.toArray()), false);
            }
        };
        return new ConjugateGradient(MOST_ITERATIONS, RESIDUAL, false)
                .solve(linear, new ArrayRealVector(b))
                .toArray();
    }
}
