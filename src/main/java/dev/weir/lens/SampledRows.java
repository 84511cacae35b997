package dev.weir.lens;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What was seen at a point, as rows that are alike: one for each token, wherever it stands. Rows that no token wrote are left out.
 *
 * @param places where each row comes from
 * @param width values of a row: D, or H dh where there are heads
 * @param values [rows, width]
 */
public record SampledRows(HookPoint point, List<Place> places, int width, float[] values) {

    public SampledRows {
        places = List.copyOf(places);
    }

    /**
     * Where a row comes from.
     *
     * @param position of the token, or the row's number where the positions are not known
     */
    public record Place(int sequence, int position) {}

    /** The rows of a point of a trace. */
    public static SampledRows of(HookPoint point, Trace trace) {
        SampledRows rows = of(point, trace.get(point));
        Positions kept = Objects.requireNonNull(trace.layout().taps().get(point));
        int length = trace.layout().length();
        int[] positions = IntStream.range(0, length).filter(kept::contains).toArray();
        List<Place> places = rows.places.stream()
                .map(place -> new Place(
                        place.sequence,
                        kept.equals(Positions.LAST)
                                ? trace.lengths().get(place.sequence) - 1
                                : positions[place.position]))
                .toList();
        return new SampledRows(point, places, rows.width, rows.values);
    }

    /**
     * The rows of a point.
     *
     * @param seen [B, P, ...], or [tokens, ...], which is one sequence
     */
    public static SampledRows of(HookPoint point, Trace.Values seen) {
        if (point.site().form() == Site.Form.SQUARE) {
            throw new IllegalArgumentException("hook point " + point + ": expected one with a row for each token, got "
                    + "one of queries by keys");
        }
        int positions = seen.shape().get(seen.shape().size() == 2 ? 0 : 1);
        int axes = seen.shape().size() == 2 ? 1 : 2;
        int width = seen.shape().stream().skip(axes).reduce(1, Math::multiplyExact);
        var places = new ArrayList<Place>();
        var values = new float[seen.data().length];
        for (int row = 0; row < seen.data().length / width; row++) {
            if (!Float.isNaN(seen.data()[row * width])) {
                System.arraycopy(seen.data(), row * width, values, places.size() * width, width);
                places.add(new Place(row / positions, row % positions));
            }
        }
        return new SampledRows(point, places, width, Arrays.copyOf(values, places.size() * width));
    }

    /** How many rows there are. */
    public int count() {
        return places.size();
    }

    /** A copy of one row. */
    public float[] row(int row) {
        return Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }

    /** The Euclidean norm of each row. */
    public double[] norms() {
        return IntStream.range(0, count())
                .mapToDouble(row -> Vectors.norm(row(row)))
                .toArray();
    }

    /** Of each column. */
    public double[] mean() {
        var mean = new double[width];
        for (int i = 0; i < values.length; i++) {
            mean[i % width] += values[i];
        }
        return Arrays.stream(mean).map(sum -> sum / count()).toArray();
    }

    /** The rows without their mean, [rows][width]. */
    double[][] centred() {
        double[] mean = mean();
        var centred = new double[count()][width];
        for (int i = 0; i < values.length; i++) {
            centred[i / width][i % width] = values[i] - mean[i % width];
        }
        return centred;
    }

    /**
     * In how many directions the rows vary, (sum of variances)^2 / sum of squared variances, over the principal components: from 1, when
     * all lies on a line, to the width, when every direction is alike; NaN when nothing varies. It needs no decomposition, for the sums
     * are a trace and a Frobenius norm. Source: Gao et al., "A theory of multineuronal dimensionality, dynamics and measurement", 2017.
     */
    public double participationRatio() {
        double[][] centred = centred();
        double[][] vectors = count() <= width ? centred : transposed(centred);
        double sum = 0;
        double squares = 0;
        for (int a = 0; a < vectors.length; a++) {
            double own = dot(vectors[a], vectors[a]);
            sum += own;
            squares += own * own;
            for (int b = 0; b < a; b++) {
                double product = dot(vectors[a], vectors[b]);
                squares += 2 * product * product;
            }
        }
        return sum * sum / squares;
    }

    private static double[][] transposed(double[][] matrix) {
        var transposed = new double[matrix[0].length][matrix.length];
        for (int row = 0; row < matrix.length; row++) {
            for (int column = 0; column < transposed.length; column++) {
                transposed[column][row] = matrix[row][column];
            }
        }
        return transposed;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
