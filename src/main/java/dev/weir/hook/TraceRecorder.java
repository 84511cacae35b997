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

    private final Map<HookPoint, float[]> values = new TreeMap<>();
    private final Map<HookPoint, BitSet> recorded = new TreeMap<>();
    private Optional<TraceLayout> layout = Optional.empty();
    private Optional<Trace> trace = Optional.empty();
    private int[][] tokens = {};

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
            values.put(point, new float[(int) elements]);
            recorded.put(point, new BitSet());
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
        float[] data = Optional.ofNullable(values.get(point)).orElseThrow();
        remember(point, rows);
        boolean rowsOverwriteEachOther = layout().kept(point) < rows.count();
        int parts = Runtime.getRuntime().availableProcessors();
        if (source.byteSize() < WORTH_SHARING_BYTES || rowsOverwriteEachOther) {
            copy(point, rows, 0, rows.count(), source, columns, data);
        } else {
            IntStream.range(0, parts).parallel().forEach(part -> {
                int from = (int) ((long) rows.count() * part / parts);
                int to = (int) ((long) rows.count() * (part + 1) / parts);
                copy(point, rows, from, to, source, columns, data);
            });
        }
    }

    private void remember(HookPoint point, Rows rows) {
        Positions positions = layout().positions(point);
        int kept = layout().kept(point);
        BitSet present = Optional.ofNullable(recorded.get(point)).orElseThrow();
        for (int r = 0; r < rows.count(); r++) {
            int position = rows.positions()[r];
            if (positions.contains(position)) {
                present.set(rows.slots()[r] * kept + positions.index(position));
            }
        }
    }

    /** Rows go to different places, so several threads may copy some each. */
    private void copy(HookPoint point, Rows rows, int from, int to, MemorySegment source, int columns, float[] data) {
        boolean square = isSquare(point);
        int length = layout().length();
        layout().scatter(point, rows, from, to, source, columns, (element, run) -> {
            int at = Math.toIntExact(element);
            int count = (int) (run.byteSize() / Float.BYTES);
            MemorySegment.copy(run, ValueLayout.JAVA_FLOAT, 0, data, at, count);
            if (square && count < length) {
                Arrays.fill(data, at + count, at + length, TraceLayout.masked(point.site()));
            }
        });
    }

    @Override
    public void end(int[] lengths) {
        TraceLayout ended = layout().withLength(Arrays.stream(lengths).max().orElse(0));
        var results = new TreeMap<HookPoint, Trace.Values>();
        values.forEach((point, data) -> {
            float[] cropped = crop(data, layout().shape(point), ended.shape(point));
            fillAbsent(cropped, ended, point);
            results.put(point, new Trace.Values(ended.shape(point), cropped));
        });
        int[][] endedTokens =
                Arrays.stream(tokens).map(t -> Arrays.copyOf(t, ended.length())).toArray(int[][]::new);
        trace = Optional.of(new Trace(ended, Arrays.stream(lengths).boxed().toList(), endedTokens, results));
        values.clear();
        recorded.clear();
    }

    /** Rows that nobody recorded, such as those that a shorter sequence does not have. */
    private void fillAbsent(float[] data, TraceLayout ended, HookPoint point) {
        BitSet present = Optional.ofNullable(recorded.get(point)).orElseThrow();
        int kept = ended.kept(point);
        int heads = isSquare(point) ? ended.dimensions().heads() : 1;
        int width = kept == 0 ? 0 : data.length / (ended.sequences() * heads * kept);
        for (int matrix = 0; matrix < ended.sequences() * heads; matrix++) {
            int first = matrix / heads * layout().kept(point);
            for (int row = 0; row < kept; row++) {
                if (!present.get(first + row)) {
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
        values.clear();
    }

    private TraceLayout layout() {
        return layout.orElseThrow(() -> new IllegalStateException("the trace has not begun"));
    }
}
