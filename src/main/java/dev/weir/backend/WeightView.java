package dev.weir.backend;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Where the elements of a weight are, without moving them: element (r, c) of the tensor is stored at index {@code offset + r *
 * rowStride + c * columnStride} of the data. A slice of a fused matrix and a transposed matrix are views, not copies.
 *
 * @param data the bytes of the tensor in its file, not necessarily aligned
 * @param type how an element is stored there
 */
public record WeightView(MemorySegment data, DType type, long offset, long rowStride, long columnStride) {

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** A whole matrix, row-major. */
    public static WeightView rowMajor(MemorySegment data, DType type, int columns) {
        return new WeightView(data, type, 0, columns, 1);
    }

    /** The same elements, rows taken for columns. */
    public WeightView transposed() {
        return new WeightView(data, type, offset, columnStride, rowStride);
    }

    /** Whether the elements of a row lie closer together than those of a column. */
    public boolean readsRowsFaster() {
        return Math.abs(columnStride) <= Math.abs(rowStride);
    }

    /** One element, widened or rounded to float32. */
    public float at(long row, long column) {
        return type.read(data, (offset + row * rowStride + column * columnStride) * type.bytes());
    }

    /** A stretch of a row, widened or rounded to float32. */
    public void row(int row, int fromColumn, int count, float[] to) {
        long at = (offset + row * rowStride + fromColumn * columnStride) * type.bytes();
        long step = columnStride * type.bytes();
        switch (type) {
            case FLOAT32 -> {
                if (columnStride == 1) {
                    MemorySegment.copy(data, FLOAT, at, to, 0, count);
                } else {
                    for (int i = 0; i < count; i++) {
                        to[i] = data.get(FLOAT, at + i * step);
                    }
                }
            }
            case BFLOAT16 -> {
                for (int i = 0; i < count; i++) {
                    to[i] = Float.intBitsToFloat(data.get(SHORT, at + i * step) << Short.SIZE);
                }
            }
            case FLOAT16 -> {
                for (int i = 0; i < count; i++) {
                    to[i] = Float.float16ToFloat(data.get(SHORT, at + i * step));
                }
            }
            case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL -> {
                for (int i = 0; i < count; i++) {
                    to[i] = type.read(data, at + i * step);
                }
            }
        }
    }

    /** A stretch of a column, widened or rounded to float32. */
    public void column(int column, int fromRow, int count, float[] to) {
        transposed().row(column, fromRow, count, to);
    }
}
