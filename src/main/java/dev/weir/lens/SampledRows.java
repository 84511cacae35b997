package dev.weir.lens;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
     * @param index among the positions that are kept of it
     */
    public record Place(int sequence, int index) {}

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
}
