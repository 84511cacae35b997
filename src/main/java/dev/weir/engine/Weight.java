package dev.weir.engine;

import dev.weir.backend.WeightView;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A learned matrix as the machine keeps it, rounded to its type. A matrix that rows are multiplied with is [in, out]; biases and norms
 * are one row. It can be read until the model is closed.
 */
public final class Weight {

    private final Tensor tensor;
    private final WeightView view;

    Weight(Tensor tensor, WeightView view) {
        this.tensor = tensor;
        this.view = view;
    }

    /** TransformerLens' name. */
    public String name() {
        return tensor.name();
    }

    public int rows() {
        return tensor.rows();
    }

    public int columns() {
        return tensor.columns();
    }

    /** A copy of one row. */
    public float[] row(int row) {
        var values = new float[columns()];
        view.row(Objects.checkIndex(row, rows()), 0, values.length, values);
        return rounded(values);
    }

    /** A copy of one column. */
    public float[] column(int column) {
        var values = new float[rows()];
        view.column(Objects.checkIndex(column, columns()), 0, values.length, values);
        return rounded(values);
    }

    private float[] rounded(float[] values) {
        if (tensor.type() != DType.FLOAT32) {
            var cell = MemorySegment.ofArray(new byte[tensor.type().bytes()]);
            for (int i = 0; i < values.length; i++) {
                tensor.type().write(cell, 0, values[i]);
                values[i] = tensor.type().read(cell, 0);
            }
        }
        return values;
    }
}
