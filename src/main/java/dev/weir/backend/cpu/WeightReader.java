package dev.weir.backend.cpu;

import dev.weir.backend.WeightView;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Reads rows and columns of a weight, whatever its layout and its type in the file, as the float32 values that the machine is to
 * see: rounded to the type of the tensor.
 */
final class WeightReader {

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final WeightView view;
    private final DType type;

    WeightReader(Tensor weight, WeightView view) {
        this.view = view;
        type = weight.type();
    }

    /** Whether the elements of a row lie closer together than those of a column. */
    boolean readsRowsFaster() {
        return Math.abs(view.columnStride()) <= Math.abs(view.rowStride());
    }

    /** A stretch of a row. */
    void row(int row, int fromColumn, int count, float[] to) {
        long first = view.offset() + row * view.rowStride() + fromColumn * view.columnStride();
        read(first, view.columnStride(), count, to);
    }

    /** A stretch of a column. */
    void column(int column, int fromRow, int count, float[] to) {
        long first = view.offset() + fromRow * view.rowStride() + column * view.columnStride();
        read(first, view.rowStride(), count, to);
    }

    private void read(long first, long stride, int count, float[] to) {
        MemorySegment data = view.data();
        long at = first * view.type().bytes();
        long step = stride * view.type().bytes();
        switch (view.type()) {
            case FLOAT32 -> {
                if (stride == 1) {
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
                    to[i] = view.type().read(data, at + i * step);
                }
            }
        }
        if (type != view.type()) {
            Rounding.round(to, count, type);
        }
    }
}
