package dev.weir.hook;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Keeps a trace in memory, in float32. */
public final class TraceRecorder implements TraceSink {

    private final Map<HookPoint, float[]> values = new TreeMap<>();
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
            float[] data = new float[(int) elements];
            Arrays.fill(data, TraceLayout.absent());
            values.put(point, data);
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
        boolean square = point.site().form() == Site.Form.SQUARE;
        int length = layout().length();
        layout().scatter(point, rows, source, columns, (element, run) -> {
            int at = Math.toIntExact(element);
            int count = (int) (run.byteSize() / Float.BYTES);
            MemorySegment.copy(run, ValueLayout.JAVA_FLOAT, 0, data, at, count);
            if (square) {
                Arrays.fill(data, at + count, at + length, TraceLayout.masked(point.site()));
            }
        });
    }

    @Override
    public void end(int[] lengths) {
        TraceLayout ended = layout().withLength(Arrays.stream(lengths).max().orElse(0));
        var results = new TreeMap<HookPoint, Trace.Values>();
        values.forEach((point, data) -> results.put(
                point, new Trace.Values(ended.shape(point), crop(data, layout().shape(point), ended.shape(point)))));
        int[][] endedTokens =
                Arrays.stream(tokens).map(t -> Arrays.copyOf(t, ended.length())).toArray(int[][]::new);
        trace = Optional.of(new Trace(ended, Arrays.stream(lengths).boxed().toList(), endedTokens, results));
        values.clear();
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
