package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A window on float32 values in memory: element (r, c) lies at byte {@code offset + 4 (r * stride + c)} of the data.
 *
 * @param stride elements from one row to the next
 */
public record Window(MemorySegment data, long offset, long stride) {

    /** The window that begins at an element of this one. */
    public Window from(long row, long column) {
        return new Window(data, at(row, column), stride);
    }

    /** Bytes from one row to the next. */
    public long rowBytes() {
        return stride * Float.BYTES;
    }

    /** The byte of the data at which an element lies. */
    public long at(long row, long column) {
        return offset + (row * stride + column) * Float.BYTES;
    }

    /** One element. */
    public float get(long row, long column) {
        return data.get(ValueLayout.JAVA_FLOAT, at(row, column));
    }

    /** Changes one element. */
    public void set(long row, long column, float value) {
        data.set(ValueLayout.JAVA_FLOAT, at(row, column), value);
    }
}
