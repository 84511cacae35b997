package dev.weir.engine;

import dev.weir.backend.WeightView;
import dev.weir.checkpoint.ModelSource;
import dev.weir.model.Weights;
import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A learned matrix as the machine keeps it, rounded to its type. A matrix that rows are multiplied with is [in, out]; biases and norms
 * are one row. It can be read until the model is closed.
 *
 * <p>Of int8, what a block holds lies in one column of a matrix and in one row of a table: so a table and a head that is tied to it are
 * the same numbers.
 */
public final class Weight {

    private final Tensor tensor;
    private final WeightView view;
    private final boolean isTable;

    /**
     * Looks at a weight.
     *
     * @param isTable whether rows are looked up in it, not multiplied with it
     */
    Weight(Tensor tensor, WeightView view, boolean isTable) {
        this.tensor = tensor;
        this.view = view;
        this.isTable = isTable;
    }

    /**
     * Finds a weight of a model.
     *
     * @param name TransformerLens'
     * @throws IllegalArgumentException if the model has no such matrix
     */
    static Weight named(String name, Weights weights, ModelSource source) {
        Tensor tensor = weights.all().stream()
                .filter(w -> w.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "weight '" + name + "': expected a name such as blocks.0.attn.W_O or unembed.W_U"));
        boolean isTable = tensor.equals(weights.tokens()) || tensor.equals(weights.positions());
        return new Weight(tensor, Objects.requireNonNull(source.views(weights).get(tensor)), isTable);
    }

    /** TransformerLens' name. */
    public String name() {
        return tensor.name();
    }

    /** How many rows it has: inputs of a product, entries of a table, 1 for a bias or norm. */
    public int rows() {
        return tensor.rows();
    }

    /** How many values a row has. */
    public int columns() {
        return tensor.columns();
    }

    /** A copy of one row. */
    public float[] row(int row) {
        return values(view, Objects.checkIndex(row, rows()), columns(), isTable);
    }

    /** A copy of one column. */
    public float[] column(int column) {
        return values(view.transposed(), Objects.checkIndex(column, columns()), rows(), !isTable);
    }

    /** One row of a view of the matrix. */
    private float[] values(WeightView lines, int line, int count, boolean alongBlocks) {
        if (tensor.type() == DType.INT8 && !alongBlocks) {
            return acrossBlocks(lines, line, count);
        }
        var values = new float[count];
        lines.row(line, 0, count, values);
        return rounded(values);
    }

    /** The same where each value belongs to a block that crosses the row. */
    private float[] acrossBlocks(WeightView lines, int line, int count) {
        int from = line / Int8Blocks.LENGTH * Int8Blocks.LENGTH;
        var block = new float[Math.min(Int8Blocks.LENGTH, (isTable ? columns() : rows()) - from)];
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            lines.column(i, from, block.length, block);
            values[i] = rounded(block)[line - from];
        }
        return values;
    }

    private float[] rounded(float[] values) {
        if (tensor.type() == DType.INT8) {
            Int8Blocks.round(values, values.length, name());
        } else if (tensor.type() != DType.FLOAT32) {
            var cell = MemorySegment.ofArray(new byte[tensor.type().bytes()]);
            for (int i = 0; i < values.length; i++) {
                tensor.type().write(cell, 0, values[i]);
                values[i] = tensor.type().read(cell, 0);
            }
        }
        return values;
    }
}
