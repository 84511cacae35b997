package dev.weir.backend.cpu;

import dev.weir.backend.WeightView;
import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import dev.weir.tensor.Tensor;

/**
 * Reads rows and columns of a weight, whatever its layout and its type in the file, as the float32 values that the machine is to
 * see: rounded to the type of the tensor. What is read is reduced together, so it is cut into blocks of int8, and a stretch begins
 * with one.
 */
final class WeightReader {

    private final WeightView view;
    private final DType type;
    private final String name;

    WeightReader(Tensor weight, WeightView view) {
        this.view = view;
        type = weight.type();
        name = weight.name();
    }

    /** Whether the elements of a row lie closer together than those of a column. */
    boolean readsRowsFaster() {
        return view.readsRowsFaster();
    }

    /** A stretch of a row. */
    void row(int row, int fromColumn, int count, float[] to) {
        view.row(row, fromColumn, count, to);
        round(count, to);
    }

    /** A stretch of a column. */
    void column(int column, int fromRow, int count, float[] to) {
        view.column(column, fromRow, count, to);
        round(count, to);
    }

    private void round(int count, float[] values) {
        if (type == DType.INT8) {
            Int8Blocks.round(values, count, name);
        } else if (type != view.type()) {
            Rounding.round(values, count, type);
        }
    }
}
