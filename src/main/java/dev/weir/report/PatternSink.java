package dev.weir.report;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Takes patterns in while they are traced, so that those of a long prompt are never whole in memory. Sees one sequence. */
final class PatternSink implements TraceSink {

    private final Patterns.Builder patterns;
    private final int heads;

    /** @param heads H, of each layer */
    PatternSink(Patterns.Builder patterns, int heads) {
        this.patterns = patterns;
        this.heads = heads;
    }

    @Override
    public void begin(TraceLayout layout) {}

    @Override
    public void tokens(Rows rows) {}

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {
        if (point.site() != Site.PATTERN) {
            throw new IllegalArgumentException("hook point " + point + ": expected a pattern, got another value");
        }
        int keys = columns / heads;
        for (int r = 0; r < rows.count(); r++) {
            long bytes = (long) columns * Float.BYTES;
            float[] row = values.asSlice(r * bytes, bytes).toArray(ValueLayout.JAVA_FLOAT);
            for (int head = 0; head < heads; head++) {
                patterns.add(point.layer() * heads + head, rows.positions()[r], row, head * keys);
            }
        }
    }

    @Override
    public void end(int[] lengths) {}

    @Override
    public void close() {}
}
