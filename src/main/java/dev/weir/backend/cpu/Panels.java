package dev.weir.backend.cpu;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * A matrix [depth, columns] in the layout that rows are multiplied with: cut into panels of {@code width} columns, each panel
 * contiguous, depth after depth, so that a product streams through memory. The last panel is padded.
 *
 * <p>In a panel of a two-byte type, column c of its first half and column c of its second half are neighbours: the two halves of
 * one int, which vector lanes widen by a shift and by a mask.
 *
 * @param offset the byte of the data at which the first panel begins
 * @param type how an element is stored: float32, float16 or bfloat16
 * @param width columns of a panel, even
 * @param panelBytes bytes from one panel to the next
 */
public record Panels(MemorySegment data, long offset, DType type, int depth, int columns, int width, long panelBytes) {

    /** A matrix whose panels follow one another without a gap. */
    public static Panels dense(MemorySegment data, long offset, DType type, int depth, int columns, int width) {
        return new Panels(data, offset, type, depth, columns, width, panelBytes(type, depth, width));
    }

    /** The bytes of a panel. */
    static long panelBytes(DType type, int depth, int width) {
        return (long) depth * width * type.bytes();
    }

    /** The number of panels, the last of which may not be full. */
    public int count() {
        return (columns + width - 1) / width;
    }

    /** From the first byte of the first panel to the last of the last, what a slice leaves out included. */
    public long bytes() {
        return (count() - 1) * panelBytes + panelBytes(type, depth, width);
    }

    /** The byte of the data at which a panel begins. */
    public long panel(int index) {
        return offset + index * panelBytes;
    }

    /** The matrix that these panels alone make. */
    public Panels panels(int from, int to) {
        int last = Math.min(columns, to * width);
        return new Panels(data, panel(from), type, depth, last - from * width, width, panelBytes);
    }

    /** The matrix that these depths alone make. */
    public Panels depths(int from, int to) {
        long skipped = (long) from * width * type.bytes();
        return new Panels(data, offset + skipped, type, to - from, columns, width, panelBytes);
    }

    /** The matrix that the first columns alone make. */
    public Panels columns(int count) {
        return new Panels(data, offset, type, depth, count, width, panelBytes);
    }

    /** The byte of the data at which an element lies. */
    public long at(int k, int column) {
        int inPanel = column % width;
        return panel(column / width) + ((long) k * width + place(inPanel)) * type.bytes();
    }

    private int place(int column) {
        if (type.bytes() != Short.BYTES) {
            return column;
        }
        int half = width / 2;
        return column < half ? 2 * column : 2 * (column - half) + 1;
    }

    /** One element, widened. */
    public float get(int k, int column) {
        return type.read(data, at(k, column));
    }
}
