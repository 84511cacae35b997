package dev.weir.edit;

import dev.weir.hook.Dimensions;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * The values of a tensor, taken for rows of a point: as a trace has them, [B, P, ...] or [B, H, Q, K], or without leading axes. What
 * stands in a row may also be given as one axis.
 *
 * @param sequences B
 * @param rows of each sequence
 * @param values [sequences, rows, columns of the point]
 */
record PointRows(int sequences, int rows, float[] values) {

    /**
     * Takes a tensor for rows of a point.
     *
     * @throws IllegalArgumentException if its shape is not one of that point's
     */
    static PointRows of(HookPoint point, Dimensions dimensions, List<Integer> shape, float[] values) {
        if (point.site().form() == Site.Form.SQUARE) {
            return ofSquare(point, dimensions, shape, values);
        }
        List<Integer> row = dimensions
                .shape(point.site(), 1, 1, 1)
                .subList(2, dimensions.shape(point.site(), 1, 1, 1).size());
        int columns = dimensions.columns(point.site(), 1);
        for (List<Integer> tail : List.of(row, List.of(columns))) {
            int leading = shape.size() - tail.size();
            if (leading >= 0
                    && leading <= 2
                    && shape.subList(leading, shape.size()).equals(tail)) {
                int sequences = leading == 2 ? shape.getFirst() : 1;
                int rows = leading == 0 ? 1 : shape.get(leading - 1);
                return new PointRows(sequences, rows, values);
            }
        }
        throw wrongShape(point, dimensions, shape);
    }

    /** A row of the machine holds the keys of one head after those of another. */
    private static PointRows ofSquare(HookPoint point, Dimensions dimensions, List<Integer> shape, float[] values) {
        int leading = shape.size() - 3;
        if (leading < 0 || leading > 1 || shape.get(leading) != dimensions.heads()) {
            throw wrongShape(point, dimensions, shape);
        }
        int sequences = leading == 1 ? shape.getFirst() : 1;
        int heads = shape.get(leading);
        int queries = shape.get(leading + 1);
        int keys = shape.get(leading + 2);
        float[] rows = new float[values.length];
        for (int s = 0; s < sequences; s++) {
            for (int h = 0; h < heads; h++) {
                for (int q = 0; q < queries; q++) {
                    int from = ((s * heads + h) * queries + q) * keys;
                    System.arraycopy(values, from, rows, ((s * queries + q) * heads + h) * keys, keys);
                }
            }
        }
        return new PointRows(sequences, queries, rows);
    }

    private static IllegalArgumentException wrongShape(HookPoint point, Dimensions dimensions, List<Integer> shape) {
        String expected = dimensions.shape(point.site(), 1, 1, 1).toString().replaceFirst("1, ", "B, ");
        expected = point.site().form() == Site.Form.SQUARE
                ? "[B, " + dimensions.heads() + ", Q, K]"
                : expected.replaceFirst("B, 1", "B, P");
        return new IllegalArgumentException(
                point + ": expected a tensor " + expected + ", or without its first axes, got " + shape);
    }

    /** Values of a row. */
    int columns() {
        return values.length / (sequences * rows);
    }

    /**
     * The rows of one sequence, without those at its end that it does not have because it is shorter than others.
     *
     * @throws IllegalArgumentException if there is no such sequence, or nothing in it
     */
    PointRows sequence(OptionalInt which) {
        int sequence = which.orElse(0);
        if (sequence >= sequences) {
            throw new IllegalArgumentException("sequence " + sequence + ": expected one below " + sequences);
        }
        int first = sequence * rows;
        int known = rows;
        while (known > 0 && isAbsent(first + known - 1)) {
            known--;
        }
        if (known == 0) {
            throw new IllegalArgumentException("sequence " + sequence + ": expected at least one row, got none");
        }
        return new PointRows(1, known, Arrays.copyOfRange(values, first * columns(), (first + known) * columns()));
    }

    private boolean isAbsent(int row) {
        for (int c = 0; c < columns(); c++) {
            if (!Float.isNaN(values[row * columns() + c])) {
                return false;
            }
        }
        return true;
    }

    /**
     * The mean of all rows but those that are absent, summed in float64.
     *
     * @throws IllegalArgumentException if all are absent
     */
    float[] mean() {
        double[] sum = new double[columns()];
        int count = 0;
        for (int row = 0; row < sequences * rows; row++) {
            if (isAbsent(row)) {
                continue;
            }
            count++;
            for (int c = 0; c < sum.length; c++) {
                sum[c] += values[row * sum.length + c];
            }
        }
        if (count == 0) {
            throw new IllegalArgumentException("mean: expected at least one row, got none");
        }
        float[] mean = new float[sum.length];
        for (int c = 0; c < mean.length; c++) {
            mean[c] = (float) (sum[c] / count);
        }
        return mean;
    }
}
