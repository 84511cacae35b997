package dev.weir.backend.cpu;

import dev.weir.program.Op;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** What an edit makes of one row. */
@FunctionalInterface
interface RowChange {

    /**
     * Makes a row of {@code out} of the same row of {@code x}.
     *
     * @param position which row of the operand counts
     */
    void apply(Kernels kernels, int position, float strength, Window x, int row, int columns, Window out);

    /** The change that an op stands for; its operand is looked up here, once. */
    static RowChange of(Op.Edited op, CpuWorkspace workspace) {
        return switch (op) {
            case Op.AddVector o -> add(new Operand(o.vector(), workspace));
            case Op.Scale o -> scale();
            case Op.ReplaceRows o -> replace(new Operand(o.rows(), workspace));
            case Op.ProjectOut o -> projectOut(new Operand(o.direction(), workspace));
        };
    }

    /** out = fma(s, v, x) */
    private static RowChange add(Operand vectors) {
        return (kernels, position, strength, x, row, columns, out) ->
                kernels.addScaled(x, row, strength, vectors.values, vectors.row(position), columns, out);
    }

    /** out = s * x */
    private static RowChange scale() {
        return (kernels, position, strength, x, row, columns, out) -> {
            copy(x, row, 0, columns, out);
            kernels.scale(out, row, columns, strength);
        };
    }

    /** out = v */
    private static RowChange replace(Operand rows) {
        return (kernels, position, strength, x, row, columns, out) -> {
            Window v = rows.values;
            long bytes = (long) columns * Float.BYTES;
            MemorySegment.copy(v.data(), v.at(rows.row(position), 0), out.data(), out.at(row, 0), bytes);
        };
    }

    /** out = fma(-(s * d), v, x), d the sum of x * v */
    private static RowChange projectOut(Operand directions) {
        return (kernels, position, strength, x, row, columns, out) -> {
            int v = directions.row(position);
            float along = kernels.dot(x, row, directions.values, v, columns);
            kernels.addScaled(x, row, -(strength * along), directions.values, v, columns, out);
        };
    }

    /** Copies some columns of a row to the same place. */
    static void copy(Window x, int row, int fromColumn, int columns, Window out) {
        long bytes = (long) columns * Float.BYTES;
        MemorySegment.copy(x.data(), x.at(row, fromColumn), out.data(), out.at(row, fromColumn), bytes);
    }

    /** Rows by position; the last serves the positions after it. */
    record Operand(Window values, int rows) {
        Operand(Tensor operand, CpuWorkspace workspace) {
            this(new Window(workspace.values(operand), 0, operand.columns()), operand.rows());
        }

        int row(int position) {
            return Math.min(position, rows - 1);
        }
    }
}
