package dev.weir.dump;

import dev.weir.hook.Dimensions;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Steps as an engine makes them, with values by chance: prefill in chunks, decodes, and sequences that end early. */
final class Steps {

    static final Dimensions DIMENSIONS = new Dimensions(2, 6, 3, 3, 2, 24, 11);
    static final Provenance PROVENANCE =
            new Provenance("tiny", "ab12", "float32", "CPU, 2 threads", "0.1.0", List.of(3, 2));

    private final Random random;
    private final TraceLayout layout;
    private final int[] lengths;

    /** @param lengths how many positions each sequence turns out to have */
    Steps(long seed, TraceLayout layout, int... lengths) {
        this.random = new Random(seed);
        this.layout = layout;
        this.lengths = lengths.clone();
    }

    static TraceLayout layout(String selectors, int sequences, int length, DType type) {
        return new TraceLayout(
                Hooks.select(selectors, HookPoint.all(DIMENSIONS.layers())).taps(),
                DIMENSIONS,
                sequences,
                length,
                type);
    }

    /** A whole trace into every sink. */
    void into(TraceSink... sinks) {
        for (TraceSink sink : sinks) {
            sink.begin(layout);
        }
        rowsInto(sinks);
        for (TraceSink sink : sinks) {
            sink.end(lengths.clone());
        }
    }

    /** All rows, but neither begin nor end. */
    void rowsInto(TraceSink... sinks) {
        int[] done = new int[lengths.length];
        while (IntStream.range(0, done.length).anyMatch(s -> done[s] < lengths[s])) {
            step(next(done), sinks);
        }
    }

    private Rows next(int[] done) {
        var slots = IntStream.builder();
        var positions = IntStream.builder();
        var tokens = IntStream.builder();
        int rows = 0;
        while (rows == 0) {
            for (int s = 0; s < done.length; s++) {
                int count = Math.min(random.nextInt(4), lengths[s] - done[s]);
                for (int i = 0; i < count; i++) {
                    slots.add(s);
                    positions.add(done[s]++);
                    tokens.add(random.nextInt(DIMENSIONS.vocabulary()));
                    rows++;
                }
            }
        }
        return new Rows(
                slots.build().toArray(),
                positions.build().toArray(),
                tokens.build().toArray(),
                new int[] {rows - 1});
    }

    private void step(Rows rows, TraceSink... sinks) {
        for (TraceSink sink : sinks) {
            sink.tokens(rows);
        }
        int keys = IntStream.of(rows.positions()).max().orElseThrow() + 1 + random.nextInt(3);
        for (HookPoint point : layout.taps().keySet()) {
            int columns = DIMENSIONS.columns(point.site(), keys);
            float[] values = values(point, rows, columns, keys);
            for (TraceSink sink : sinks) {
                sink.rows(point, rows, MemorySegment.ofArray(values), columns);
            }
        }
    }

    private float[] values(HookPoint point, Rows rows, int columns, int keys) {
        float[] values = new float[rows.count() * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
            boolean square = point.site().form() == Site.Form.SQUARE;
            if (square && i % columns % keys > rows.positions()[i / columns]) {
                values[i] = TraceLayout.masked(point.site());
            }
        }
        return values;
    }
}
