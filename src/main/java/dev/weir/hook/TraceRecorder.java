package dev.weir.hook;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Keeps a trace in memory, in float32. */
public final class TraceRecorder implements TraceSink {

    /** One core does not copy as fast as memory can. */
    private static final long WORTH_SHARING_BYTES = 1 << 20;

    private final Map<HookPoint, Recorded> points = new TreeMap<>();
    private Optional<TraceLayout> layout = Optional.empty();
    private Optional<Trace> trace = Optional.empty();
    private int[][] tokens = {};

    /** An empty one, for one trace. */
    public TraceRecorder() {}

    /**
     * The finished trace.
     *
     * @throws IllegalStateException before {@link #end}
     */
    public Trace trace() {
        return trace.orElseThrow(() -> new IllegalStateException("the trace has not ended"));
    }

    @Override
    public void begin(TraceLayout coming) {
        layout = Optional.of(coming);
        tokens = new int[coming.sequences()][coming.length()];
        for (int[] sequence : tokens) {
            Arrays.fill(sequence, -1);
        }
        for (HookPoint point : coming.taps().keySet()) {
            long elements = coming.elements(point);
            if (elements > Integer.MAX_VALUE - 8) {
                throw new IllegalArgumentException(
                        "hook point " + point + ": a trace in memory holds at most " + (Integer.MAX_VALUE - 8)
                                + " values of a point, this one has " + elements + "; trace to a file");
            }
            points.put(point, new Recorded(point, coming, new float[(int) elements]));
        }
    }

    @Override
    public void tokens(Rows rows) {
        for (int r = 0; r < rows.count(); r++) {
            tokens[rows.slots()[r]][rows.positions()[r]] = rows.tokens()[r];
        }
    }

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment source, int columns) {
        Recorded recorded = points.get(point);
        if (recorded == null) {
            throw new IllegalArgumentException("hook point " + point + ": expected one of " + points.keySet());
        }
        recorded.remember(rows);
        boolean rowsOverwriteEachOther = layout().kept(point) < rows.count();
        if (source.byteSize() < WORTH_SHARING_BYTES || rowsOverwriteEachOther) {
            layout().scatter(point, rows, source, columns, recorded);
        } else {
            share(recorded, rows, source, columns);
        }
    }

    /** Rows go to different places, so several threads may copy some each. */
    private void share(Recorded recorded, Rows rows, MemorySegment source, int columns) {
        int parts = Runtime.getRuntime().availableProcessors();
        IntStream.range(0, parts).parallel().forEach(part -> {
            int from = (int) ((long) rows.count() * part / parts);
            int to = (int) ((long) rows.count() * (part + 1) / parts);
            layout().scatter(recorded.point, rows, from, to, source, columns, recorded);
        });
    }

    /**
     * What is known of one point.
     *
     * @param data its values
     * @param present the rows that were recorded, of all sequences one after another
     */
    private record Recorded(HookPoint point, Positions positions, int kept, int length, float[] data, BitSet present)
            implements TraceLayout.CellWriter {

        Recorded(HookPoint point, TraceLayout layout, float[] data) {
            this(point, layout.positions(point), layout.kept(point), layout.length(), data, new BitSet());
        }

        void remember(Rows rows) {
            for (int r = 0; r < rows.count(); r++) {
                int position = rows.positions()[r];
                if (positions.contains(position)) {
                    present.set(rows.slots()[r] * kept + positions.index(position));
                }
            }
        }

        @Override
        public void write(long element, MemorySegment source, long offset, int count) {
            int at = Math.toIntExact(element);
            MemorySegment.copy(source, ValueLayout.JAVA_FLOAT, offset, data, at, count);
            if (isSquare(point) && count < length) {
                Arrays.fill(data, at + count, at + length, TraceLayout.masked(point.site()));
            }
        }
    }

    @Override
    public void end(int[] lengths) {
        TraceLayout ended = layout().withLength(Arrays.stream(lengths).max().orElse(0));
        var results = new TreeMap<HookPoint, Trace.Values>();
        points.forEach((point, recorded) -> {
            float[] cropped = crop(recorded.data, layout().shape(point), ended.shape(point));
            fillAbsent(cropped, ended, recorded);
            results.put(point, new Trace.Values(ended.shape(point), cropped));
        });
        int[][] endedTokens =
                Arrays.stream(tokens).map(t -> Arrays.copyOf(t, ended.length())).toArray(int[][]::new);
        trace = Optional.of(new Trace(ended, Arrays.stream(lengths).boxed().toList(), endedTokens, results));
        points.clear();
    }

    /** Rows that nobody recorded, such as those that a shorter sequence does not have. */
    private static void fillAbsent(float[] data, TraceLayout ended, Recorded recorded) {
        HookPoint point = recorded.point;
        int kept = ended.kept(point);
        int heads = isSquare(point) ? ended.dimensions().heads() : 1;
        int width = kept == 0 ? 0 : data.length / (ended.sequences() * heads * kept);
        for (int matrix = 0; matrix < ended.sequences() * heads; matrix++) {
            int first = matrix / heads * recorded.kept;
            for (int row = 0; row < kept; row++) {
                if (!recorded.present.get(first + row)) {
                    int at = (matrix * kept + row) * width;
                    Arrays.fill(data, at, at + width, TraceLayout.absent());
                }
            }
        }
    }

    private static boolean isSquare(HookPoint point) {
        return point.site().form() == Site.Form.SQUARE;
    }

    /** The leading part of every axis. */
    private static float[] crop(float[] data, List<Integer> from, List<Integer> to) {
        if (from.equals(to)) {
            return data;
        }
        int width = to.getLast();
        int rows = to.subList(0, to.size() - 1).stream().reduce(1, Math::multiplyExact);
        float[] cropped = new float[rows * width];
        for (int row = 0; row < rows; row++) {
            int rest = row;
            int source = 0;
            int stride = from.getLast();
            for (int axis = to.size() - 2; axis >= 0; axis--) {
                source += rest % to.get(axis) * stride;
                rest /= to.get(axis);
                stride *= from.get(axis);
            }
            System.arraycopy(data, source, cropped, row * width, width);
        }
        return cropped;
    }

    @Override
    public void close() {
        points.clear();
    }

    private TraceLayout layout() {
        return layout.orElseThrow(() -> new IllegalStateException("the trace has not begun"));
    }
}
