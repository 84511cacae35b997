package dev.weir.backend.cpu;

import dev.weir.program.Op;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** What an edit makes of one row. */
@FunctionalInterface
interface RowChange {

    /**
     * Makes {@code out} of {@code x}.
     *
     * @param position which row of the operand counts
     */
    void apply(Kernels kernels, int position, float strength, Window x, int columns, Window out);

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
        return (kernels, position, strength, x, columns, out) ->
                kernels.addScaled(x, strength, vectors.row(position), columns, out);
    }

    /** out = s * x */
    private static RowChange scale() {
        return (kernels, position, strength, x, columns, out) -> {
            copy(x, columns, out);
            kernels.scale(out, columns, strength);
        };
    }

    /** out = v */
    private static RowChange replace(Operand rows) {
        return (kernels, position, strength, x, columns, out) -> copy(rows.row(position), columns, out);
    }

    /** out = fma(-(s * d), v, x), d the sum of x * v */
    private static RowChange projectOut(Operand directions) {
        return (kernels, position, strength, x, columns, out) -> {
            Window direction = directions.row(position);
            float along = kernels.dot(x, direction, columns);
            kernels.addScaled(x, -(strength * along), direction, columns, out);
        };
    }

    /** out = x */
    static void copy(Window x, int columns, Window out) {
        MemorySegment.copy(x.data(), x.offset(), out.data(), out.offset(), (long) columns * Float.BYTES);
    }

    /** Rows by position; the last serves the positions after it. */
    record Operand(Window values, int rows) {
        Operand(Tensor operand, CpuWorkspace workspace) {
            this(new Window(workspace.values(operand), 0, operand.columns()), operand.rows());
        }

        Window row(int position) {
            return values.from(Math.min(position, rows - 1), 0);
        }
    }
}
