package dev.weir.oracle;

import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;

/** Edits in float64, as {@code docs/hooks.md} says what they mean. One sequence from position 0 on. */
final class Float64Edits {

    private final Edits edits;
    private final int[] tokens;
    private final int heads;

    Float64Edits(Edits edits, int[] tokens, int heads) {
        this.edits = edits;
        this.tokens = tokens;
        this.heads = heads;
    }

    /** A value of rows after its edits. */
    RealMatrix edit(String name, RealMatrix before) {
        HookPoint point = HookPoint.named(name);
        RealMatrix value = before;
        for (Edit edit : edits.at(point)) {
            value = switch (edit) {
                case Edit.OnMachine arithmetic -> rows(arithmetic, value, point.site());
                case Edit.OnHost host -> host(host, point, value);
            };
        }
        return value;
    }

    private RealMatrix rows(Edit.OnMachine edit, RealMatrix x, Site site) {
        int columns = x.getColumnDimension();
        int headWidth = site.hasHeads() ? columns / heads : columns;
        RealMatrix out = x.copy();
        for (int row = 0; row < x.getRowDimension(); row++) {
            double along = 0;
            for (int c = 0; edit.arithmetic() == Edit.Arithmetic.PROJECT_OUT && c < columns; c++) {
                along += x.getEntry(row, c) * operand(edit, row, c, columns);
            }
            for (int c = 0; c < columns; c++) {
                if (edit.span().contains(row) && edit.heads().contains(c / headWidth)) {
                    double v = operand(edit, row, c, columns);
                    out.setEntry(row, c, change(edit, x.getEntry(row, c), v, along));
                }
            }
        }
        return out;
    }

    private static double change(Edit.OnMachine edit, double x, double v, double along) {
        return switch (edit.arithmetic()) {
            case ADD -> x + edit.strength() * v;
            case SCALE -> edit.strength() * x;
            case REPLACE -> v;
            case PROJECT_OUT -> x - edit.strength() * along * v;
        };
    }

    private static double operand(Edit.OnMachine edit, int row, int column, int columns) {
        if (edit.operand().isEmpty()) {
            return 0;
        }
        Edit.Operand operand = edit.operand().get();
        int operandRow = Math.min(row, operand.rows() - 1);
        return operand.columns() == columns
                ? operand.values()[operandRow * columns + column]
                : operand.values()[operandRow];
    }

    /** Scores or a pattern of one head [Q, K] after their edits. */
    RealMatrix square(String name, RealMatrix before, int head) {
        HookPoint point = HookPoint.named(name);
        RealMatrix value = before;
        for (Edit edit : edits.at(point)) {
            value = switch (edit) {
                case Edit.OnMachine arithmetic -> square(arithmetic, value, head);
                case Edit.OnHost host -> host(host, point, value);
            };
        }
        return value;
    }

    private RealMatrix square(Edit.OnMachine edit, RealMatrix x, int head) {
        RealMatrix out = x.copy();
        for (int query = 0; query < x.getRowDimension(); query++) {
            for (int key = 0; key <= query; key++) {
                if (edit.span().contains(query) && edit.heads().contains(head)) {
                    double v = key(edit, query, head, key);
                    out.setEntry(query, key, change(edit, x.getEntry(query, key), v, 0));
                }
            }
        }
        return out;
    }

    private double key(Edit.OnMachine edit, int query, int head, int key) {
        if (edit.operand().isEmpty()) {
            return 0;
        }
        Edit.Operand operand = edit.operand().get();
        int row = Math.min(query, operand.rows() - 1) * operand.columns();
        if (operand.columns() == 1) {
            return operand.values()[row];
        }
        int keys = operand.columns() / heads;
        return key < keys ? operand.values()[row + head * keys + key] : 0;
    }

    /** What Java makes of the value, which it gets in float32; of scores and patterns one head at a time. */
    private RealMatrix host(Edit.OnHost edit, HookPoint point, RealMatrix x) {
        int columns = x.getColumnDimension();
        var values = new float[x.getRowDimension() * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) x.getEntry(i / columns, i % columns);
        }
        int[] positions = IntStream.range(0, tokens.length).toArray();
        edit.function().apply(point, new Rows(new int[tokens.length], positions, tokens, positions), values, columns);
        RealMatrix out = MatrixUtils.createRealMatrix(x.getRowDimension(), columns);
        for (int i = 0; i < values.length; i++) {
            out.setEntry(i / columns, i % columns, values[i]);
        }
        return out;
    }
}
