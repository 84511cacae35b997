package dev.weir.hook;

import java.lang.foreign.MemorySegment;

/**
 * Where a trace goes while it is taken: to memory ({@link TraceRecorder}) or to a file. Called from one thread: {@link #begin}
 * once, then for every step {@link #tokens} and {@link #rows} of each point, then {@link #end} once. {@link #close} without
 * {@link #end} drops everything, half-written files included.
 */
public interface TraceSink extends AutoCloseable {

    /** What is about to come. */
    void begin(TraceLayout layout);

    /**
     * The tokens that a step processed; slot s of a row is sequence s of the layout.
     *
     * @param rows valid only during the call
     */
    void tokens(Rows rows);

    /**
     * What one point held in a step.
     *
     * @param rows valid only during the call
     * @param values float32 [rows, columns], valid only during the call; for a square site [rows, H, keys], and keys after the
     *     query's position hold {@link TraceLayout#masked}
     * @param columns values per row
     */
    void rows(HookPoint point, Rows rows, MemorySegment values, int columns);

    /**
     * The trace is complete.
     *
     * @param lengths positions of each sequence
     */
    void end(int[] lengths);

    @Override
    void close();
}
