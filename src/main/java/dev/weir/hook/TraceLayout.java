package dev.weir.hook;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a trace will hold: its points, shapes and bytes, known exactly before anything runs.
 *
 * @param taps the points and the positions kept of each
 * @param sequences B, the number of sequences
 * @param length P, the positions of the longest sequence; what was generated may turn out shorter, never longer
 * @param type how values are stored: float32, float16 or bfloat16
 */
public record TraceLayout(
        SortedMap<HookPoint, Positions> taps, Dimensions dimensions, int sequences, int length, DType type) {

    public TraceLayout {
        taps = Collections.unmodifiableSortedMap(new TreeMap<>(taps));
        if (!type.isModelFloat()) {
            throw new IllegalArgumentException(
                    "trace dtype: expected float32, float16 or bfloat16, got " + type.label());
        }
    }

    /** These points for a generation that turned out this long. */
    public TraceLayout withLength(int finalLength) {
        return new TraceLayout(taps, dimensions, sequences, finalLength, type);
    }

    /** The shape in which a point is given to the caller, as in {@code docs/hooks.md}. */
    public List<Integer> shape(HookPoint point) {
        return dimensions.shape(point.site(), sequences, kept(point), length);
    }

    /** Positions kept of the longest sequence. */
    public int kept(HookPoint point) {
        return positions(point).count(length);
    }

    /** The number of values of one point. */
    public long elements(HookPoint point) {
        return dimensions.elements(point.site(), sequences, kept(point), length);
    }

    /** The exact bytes of one point's values. */
    public long bytes(HookPoint point) {
        return Math.multiplyExact(elements(point), (long) type.bytes());
    }

    /** The exact bytes of all values. */
    public long bytes() {
        return taps.keySet().stream().mapToLong(this::bytes).reduce(0, Math::addExact);
    }

    /**
     * Refuses a trace that is larger than the caller allows.
     *
     * @throws IllegalArgumentException with a line for each hook
     */
    public void requireWithin(long maxBytes) {
        if (bytes() <= maxBytes) {
            return;
        }
        var lines = new ArrayList<String>();
        lines.add("the trace takes %,d bytes, more than the %,d that are allowed:".formatted(bytes(), maxBytes));
        for (HookPoint point : taps.keySet()) {
            lines.add("  %,15d  %-36s %s".formatted(bytes(point), point.name(), shape(point)));
        }
        throw new IllegalArgumentException(String.join("\n", lines));
    }

    /** Receives a run of consecutive values of one point: of one or several whole rows, or at a square site of one head of a row. */
    @FunctionalInterface
    public interface CellWriter {
        /**
         * Stores one run.
         *
         * @param element where in the point's tensor of {@link #shape} the run begins
         * @param values in which the run is, float32, one after another
         * @param offset the byte at which it begins
         * @param count how many values it has
         */
        void write(long element, MemorySegment values, long offset, int count);
    }

    /**
     * Says where in the point's tensor the values of one step's rows belong. Rows whose position is not kept are passed over.
     *
     * @param rows slot s of a row is sequence s of this layout
     * @param values float32 [rows, columns]; for a square site [rows, H, keys]
     * @param columns values per row
     */
    public void scatter(HookPoint point, Rows rows, MemorySegment values, int columns, CellWriter writer) {
        scatter(point, rows, 0, rows.count(), values, columns, writer);
    }

    /** The same for some of the rows. */
    void scatter(HookPoint point, Rows rows, int from, int to, MemorySegment values, int columns, CellWriter writer) {
        Positions positions = positions(point);
        boolean isSquare = point.site().form() == Site.Form.SQUARE;
        long rowBytes = (long) columns * Float.BYTES;
        int run;
        for (int r = from; r < to; r += run) {
            int position = rows.positions()[r];
            run = 1;
            if (!positions.contains(position)) {
                continue;
            }
            int sequence = rows.slots()[r];
            int index = positions.index(position);
            if (isSquare) {
                scatterSquare(point, sequence, index, values, r * rowBytes, columns, position + 1, writer);
            } else {
                run = neighbours(positions, rows, r, to);
                long element = ((long) sequence * kept(point) + index) * columns;
                writer.write(element, values, r * rowBytes, run * columns);
            }
        }
    }

    /** How many rows from one on are neighbours in the point's tensor too. */
    private static int neighbours(Positions positions, Rows rows, int first, int to) {
        int index = positions.index(rows.positions()[first]);
        int r = first + 1;
        while (r < to
                && rows.slots()[r] == rows.slots()[first]
                && positions.contains(rows.positions()[r])
                && positions.index(rows.positions()[r]) == index + r - first) {
            r++;
        }
        return r - first;
    }

    /** What lies at keys after the query is nobody's: an edit may have left something there. */
    private void scatterSquare(
            HookPoint point,
            int sequence,
            int query,
            MemorySegment values,
            long rowOffset,
            int columns,
            int seen,
            CellWriter writer) {
        int keys = columns / dimensions.heads();
        long headBytes = keys * (long) Float.BYTES;
        int known = Math.min(Math.min(keys, seen), length);
        for (int head = 0; head < dimensions.heads(); head++) {
            long element = (((long) sequence * dimensions.heads() + head) * kept(point) + query) * length;
            writer.write(element, values, rowOffset + head * headBytes, known);
        }
    }

    /**
     * The value of a cell that no row wrote: of a row that a shorter sequence of the batch does not have, NaN, so that it cannot
     * be averaged by mistake.
     */
    public static float absent() {
        return Float.NaN;
    }

    /**
     * The value of a key after the query's position: minus infinity as a score, zero in a pattern.
     *
     * @throws IllegalArgumentException for a site that has no keys
     */
    public static float masked(Site site) {
        return switch (site) {
            case ATTN_SCORES -> Float.NEGATIVE_INFINITY;
            case PATTERN -> 0;
            default -> throw new IllegalArgumentException("a masked key: expected a square site, got " + site.suffix());
        };
    }

    /** The positions kept of a point. */
    Positions positions(HookPoint point) {
        Positions positions = taps.get(point);
        if (positions == null) {
            throw new IllegalArgumentException("hook point " + point + ": expected one of " + taps.keySet());
        }
        return positions;
    }
}
