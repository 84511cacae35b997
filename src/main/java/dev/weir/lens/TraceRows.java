package dev.weir.lens;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Trace;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One sequence of a trace, row by row.
 *
 * @param sequence which of the trace's, from 0
 */
record TraceRows(Trace trace, int sequence) {

    TraceRows {
        if (sequence < 0 || sequence >= trace.lengths().size()) {
            throw new IllegalArgumentException("sequence " + sequence + ": expected one of the "
                    + trace.lengths().size() + " in the trace, from 0");
        }
    }

    /** Positions that the sequence has. */
    int length() {
        return trace.lengths().get(sequence);
    }

    /**
     * A copy of all values of one position at a point, [H, dh] for instance, row-major.
     *
     * @throws IllegalArgumentException when the trace does not hold it
     */
    float[] at(HookPoint point, int position) {
        Positions kept = trace.layout().taps().get(point);
        if (kept == null || !holds(kept, position)) {
            throw new IllegalArgumentException(
                    "position " + position + " of sequence " + sequence + ": the trace does not hold it at " + point);
        }
        Trace.Values values = trace.get(point);
        List<Integer> shape = values.shape();
        int columns = shape.stream().skip(2).mapToInt(Integer::intValue).reduce(1, Math::multiplyExact);
        int from = (sequence * shape.get(1) + kept.index(position)) * columns;
        return Arrays.copyOfRange(values.data(), from, from + columns);
    }

    /** The values of several positions at a point, one after another. */
    float[] stream(HookPoint point, List<Integer> positions) {
        List<float[]> rows =
                positions.stream().map(position -> at(point, position)).toList();
        var all = new float[rows.stream().mapToInt(row -> row.length).sum()];
        int to = 0;
        for (float[] row : rows) {
            System.arraycopy(row, 0, all, to, row.length);
            to += row.length;
        }
        return all;
    }

    /** The same, widened. */
    double[] doubles(HookPoint point, int position) {
        float[] values = at(point, position);
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    private boolean holds(Positions kept, int position) {
        return position >= 0
                && position < length()
                && (kept.equals(Positions.LAST) ? position == length() - 1 : kept.contains(position));
    }
}
