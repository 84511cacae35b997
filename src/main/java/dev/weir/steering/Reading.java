package dev.weir.steering;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Which rows of a sequence speak for it. */
public enum Reading {
    /** The last of those that were kept. */
    LAST,
    /** The mean of all that were kept, summed in float64. */
    MEAN,
    /** Each that was kept, for itself. */
    EVERY;

    /** As the command line and files spell it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What a trace must keep for it. */
    public Positions positions() {
        return this == LAST ? Positions.LAST : Positions.ALL;
    }

    /**
     * The rows of one sequence. Rows that it does not have because it is shorter than others are left out.
     *
     * @param values [B, P, ...] of the point
     * @return rows of as many values as the point has for a token
     * @throws IllegalArgumentException for scores and patterns, or if the sequence has no row
     */
    public List<float[]> rows(HookPoint point, Trace.Values values, int sequence) {
        if (point.site().form() == Site.Form.SQUARE || values.shape().size() < 3) {
            throw new IllegalArgumentException(
                    point + ": expected a point of shape [B, P, ...], got " + values.shape());
        }
        int positions = values.shape().get(1);
        int columns = values.data().length / Math.max(1, values.shape().getFirst() * positions);
        var rows = new ArrayList<float[]>();
        for (int p = 0; p < positions; p++) {
            int from = (sequence * positions + p) * columns;
            float[] row = Arrays.copyOfRange(values.data(), from, from + columns);
            if (!isAbsent(row)) {
                rows.add(row);
            }
        }
        if (rows.isEmpty()) {
            throw new IllegalArgumentException(
                    point + ", sequence " + sequence + ": expected at least one row, got none");
        }
        return switch (this) {
            case LAST -> List.of(rows.getLast());
            case MEAN -> List.of(Rows.mean(rows));
            case EVERY -> rows;
        };
    }

    private static boolean isAbsent(float[] row) {
        for (float value : row) {
            if (!Float.isNaN(value)) {
                return false;
            }
        }
        return true;
    }
}
