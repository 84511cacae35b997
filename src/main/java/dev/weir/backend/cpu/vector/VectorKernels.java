package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.vector.Lanes.COUNT;
import static dev.weir.backend.cpu.vector.Lanes.PANEL_WIDTH;

import dev.weir.backend.cpu.Kernels;
import dev.weir.backend.cpu.Panels;
import dev.weir.backend.cpu.RowTiles;
import dev.weir.backend.cpu.Window;
import dev.weir.program.Activation;
import java.lang.foreign.MemorySegment;

/**
 * The kernels on vector registers. Lanes run over columns, or are the partial sums of a row; what does not fill a register is done
 * one number at a time.
 */
public final class VectorKernels implements Kernels {

    private final Products products = new Products();
    private final RowSums sums = new RowSums();
    private final VectorFormulas formulas = new VectorFormulas();

    @Override
    public String description() {
        return "%d lanes of float32".formatted(COUNT);
    }

    @Override
    public int panelWidth() {
        return PANEL_WIDTH;
    }

    @Override
    public int tileRows() {
        return Products.TILE_ROWS;
    }

    @Override
    public void multiply(
            RowTiles x,
            int fromTile,
            int toTile,
            Panels w,
            int fromColumn,
            int toColumn,
            Window out,
            int outRow,
            boolean onward) {
        products.multiply(x, fromTile, toTile, w, fromColumn, toColumn, out, outRow, onward);
    }

    @Override
    public void bfloat16(Window x, int rows, int columns, MemorySegment out) {
        long at = Memory.address(x, 0, rows, 0, columns);
        long outAt = Memory.address(out, 0, (long) rows * columns * Short.BYTES);
        for (int r = 0; r < rows; r++) {
            RowLoops.bfloat16(at, columns, outAt);
            at += x.rowBytes();
            outAt += (long) columns * Short.BYTES;
        }
    }

    @Override
    public void addBias(Window values, int fromRow, int toRow, int fromColumn, int toColumn, Window bias) {
        long at = Memory.address(values, fromRow, toRow, fromColumn, toColumn);
        long biasAt = Memory.address(bias, 0, 1, fromColumn, toColumn);
        for (int r = fromRow; r < toRow; r++) {
            RowLoops.add(at, biasAt, toColumn - fromColumn, at);
            at += values.rowBytes();
        }
    }

    @Override
    public void add(Window a, Window b, int fromRow, int toRow, int columns, Window out) {
        long aAt = Memory.address(a, fromRow, toRow, 0, columns);
        long bAt = Memory.address(b, fromRow, toRow, 0, columns);
        long outAt = Memory.address(out, fromRow, toRow, 0, columns);
        for (int r = fromRow; r < toRow; r++) {
            RowLoops.add(aAt, bAt, columns, outAt);
            aAt += a.rowBytes();
            bAt += b.rowBytes();
            outAt += out.rowBytes();
        }
    }

    @Override
    public void addScaled(Window x, int row, float factor, Window vectors, int v, int columns, Window out) {
        RowLoops.addScaled(
                Memory.address(x, row, columns),
                factor,
                Memory.address(vectors, v, columns),
                columns,
                Memory.address(out, row, columns));
    }

    @Override
    public float dot(Window x, int row, Window vectors, int v, int columns) {
        return sums.dot(Memory.address(x, row, columns), Memory.address(vectors, v, columns), columns);
    }

    @Override
    public void activate(
            Activation function, Window x, int fromRow, int toRow, int fromColumn, int toColumn, Window out) {
        long xAt = Memory.address(x, fromRow, toRow, fromColumn, toColumn);
        long outAt = Memory.address(out, fromRow, toRow, fromColumn, toColumn);
        for (int r = fromRow; r < toRow; r++) {
            formulas.activate(function, xAt, toColumn - fromColumn, outAt);
            xAt += x.rowBytes();
            outAt += out.rowBytes();
        }
    }

    @Override
    public void normalize(Normalization norm, Window x, int fromRow, int toRow, int columns) {
        long xAt = Memory.address(x, fromRow, toRow, 0, columns);
        long weightAt = Memory.address(norm.weight(), 0, columns);
        long biasAt = Memory.address(norm.bias(), 0, columns);
        long outAt = Memory.address(norm.out(), fromRow, toRow, 0, columns);
        Window normalized = norm.normalized() == null ? norm.out() : norm.normalized();
        long normalizedAt = Memory.address(normalized, fromRow, toRow, 0, columns);
        for (int r = fromRow; r < toRow; r++) {
            float mean = sums.sum(xAt, columns) / columns;
            float variance = sums.sumOfSquares(xAt, columns, mean) / columns;
            float scale = (float) Math.sqrt(variance + norm.epsilon());
            if (norm.scale() != null) {
                norm.scale().set(r, 0, scale);
            }
            RowLoops.centre(xAt, columns, mean, scale, normalizedAt);
            RowLoops.transform(normalizedAt, columns, weightAt, biasAt, outAt);
            xAt += x.rowBytes();
            outAt += norm.out().rowBytes();
            normalizedAt += normalized.rowBytes();
        }
    }

    @Override
    public void scale(Window values, int row, int columns, float factor) {
        RowLoops.scale(Memory.address(values, row, columns), columns, factor);
    }

    @Override
    public float max(Window values, int row, int columns) {
        return RowLoops.max(Memory.address(values, row, columns), columns);
    }

    @Override
    public void powers(Window values, int row, int columns, float max, float temperature) {
        long at = Memory.address(values, row, columns);
        RowLoops.centre(at, columns, max, temperature, at);
        VectorFormulas.exp(at, columns, 0);
    }

    @Override
    public void softmax(Window values, int row, int columns) {
        long at = Memory.address(values, row, columns);
        VectorFormulas.exp(at, columns, RowLoops.max(at, columns));
        RowLoops.divide(at, columns, sums.sum(at, columns));
    }
}
