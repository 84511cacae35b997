package dev.weir.batching;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** A sink that keeps nothing and does something at every step. */
record Meddler(Consumer<Rows> deed) implements TraceSink {

    @Override
    public void begin(TraceLayout layout) {}

    @Override
    public void tokens(Rows rows) {
        deed.accept(rows);
    }

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {}

    @Override
    public void end(int[] lengths) {}

    @Override
    public void close() {}
}
