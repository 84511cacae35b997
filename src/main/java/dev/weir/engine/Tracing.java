package dev.weir.engine;

import dev.weir.hook.Hooks;
import dev.weir.hook.TraceSink;
import dev.weir.tensor.DType;

/**
 * What to see and to change while a model runs, and where what is seen goes.
 *
 * @param hooks points seen and changed
 * @param sink receives what is seen; it is begun and ended, and closing it stays the caller's task
 * @param type how the sink stores values, which decides how many bytes a trace takes
 * @param maxBytes a trace that would take more is refused before anything runs
 */
public record Tracing(Hooks hooks, TraceSink sink, DType type, long maxBytes) {

    /** In float32, of any size. */
    public static Tracing of(Hooks hooks, TraceSink sink) {
        return new Tracing(hooks, sink, DType.FLOAT32, Long.MAX_VALUE);
    }
}
