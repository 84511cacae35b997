package dev.weir.backend.cpu;

import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import java.lang.foreign.MemorySegment;

/**
 * A matrix [depth, columns] in the layout that rows are multiplied with: cut into panels of {@code width} columns, each panel
 * contiguous, depth after depth, so that a product streams through memory. The last panel is padded.
 *
 * <p>In a panel of a two-byte type, column c of its first half and column c of its second half are neighbours: the two halves of
 * one int, which vector lanes widen by a shift and by a mask.
 *
 * <p>A panel of int8 consists of blocks of 32 depths, the last of which is padded. A block begins with the scales of its columns as
 * float32; then come, four depths at a time, the four numbers of each column in one int.
 *
 * @param offset the byte of the data at which the first panel begins
 * @param type how an element is stored: float32, float16, bfloat16 or int8
 * @param skipped depths at the beginning of the first block of int8 that do not belong to the matrix
 * @param width columns of a panel, even
 * @param panelBytes bytes from one panel to the next
 */
public record Panels(
        MemorySegment data, long offset, DType type, int skipped, int depth, int columns, int width, long panelBytes) {

    /** Depths whose numbers of one column share an int. */
    static final int GROUP = Integer.BYTES;

    /** A matrix whose panels follow one another without a gap. */
    public static Panels dense(MemorySegment data, long offset, DType type, int depth, int columns, int width) {
        return new Panels(data, offset, type, 0, depth, columns, width, panelBytes(type, depth, width));
    }

    /** The bytes of a panel. */
    static long panelBytes(DType type, int depth, int width) {
        return type == DType.INT8
                ? Math.ceilDiv(depth, Int8Blocks.LENGTH) * blockBytes(width)
                : (long) depth * width * type.bytes();
    }

    /** The bytes of a block of int8: its scales and its numbers. */
    public static long blockBytes(int width) {
        return (long) width * (Float.BYTES + Int8Blocks.LENGTH);
    }

    /** The number of panels, the last of which may not be full. */
    public int count() {
        return (columns + width - 1) / width;
    }

    /** From the first byte of the first panel to the last of the last, what a slice leaves out included. */
    public long bytes() {
        return (count() - 1) * panelBytes + panelBytes(type, skipped + depth, width);
    }

    /** The byte of the data at which a panel begins. */
    public long panel(int index) {
        return offset + index * panelBytes;
    }

    /** The matrix that these depths alone make. */
    public Panels depths(int from, int to) {
        if (type == DType.INT8) {
            int first = skipped + from;
            long begin = offset + first / Int8Blocks.LENGTH * blockBytes(width);
            return new Panels(data, begin, type, first % Int8Blocks.LENGTH, to - from, columns, width, panelBytes);
        }
        long begin = offset + (long) from * width * type.bytes();
        return new Panels(data, begin, type, 0, to - from, columns, width, panelBytes);
    }

    /** The matrix that the first columns alone make. */
    public Panels columns(int count) {
        return new Panels(data, offset, type, skipped, depth, count, width, panelBytes);
    }

    /** The byte of the data at which an element lies. */
    public long at(int k, int column) {
        int inPanel = column % width;
        if (type == DType.INT8) {
            int inBlock = (skipped + k) % Int8Blocks.LENGTH;
            long scales = (long) width * Float.BYTES;
            long group = (long) inBlock / GROUP * width * GROUP;
            return block(k, column) + scales + group + (long) inPanel * GROUP + inBlock % GROUP;
        }
        return panel(column / width) + ((long) k * width + place(inPanel)) * type.bytes();
    }

    /** The byte of the data at which the float32 scale of an element of int8 lies. */
    public long scaleAt(int k, int column) {
        return block(k, column) + (long) column % width * Float.BYTES;
    }

    private long block(int k, int column) {
        return panel(column / width) + (skipped + k) / Int8Blocks.LENGTH * blockBytes(width);
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
        float stored = type.read(data, at(k, column));
        return type == DType.INT8 ? stored * DType.FLOAT32.read(data, scaleAt(k, column)) : stored;
    }
}
