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
    public void multiply(RowTiles x, int fromTile, int toTile, Panels w, Window out, boolean onward) {
        products.multiply(x, fromTile, toTile, w, out, onward);
    }

    @Override
    public void bfloat16(Window x, int rows, int columns, MemorySegment out) {
        long at = Memory.address(x, rows, columns);
        long outAt = Memory.address(out, 0, (long) rows * columns * Short.BYTES);
        for (int r = 0; r < rows; r++) {
            RowLoops.bfloat16(at, columns, outAt);
            at += x.rowBytes();
            outAt += (long) columns * Short.BYTES;
        }
    }

    @Override
    public void addBias(Window values, int rows, int columns, Window bias) {
        long at = Memory.address(values, rows, columns);
        long biasAt = Memory.address(bias, 1, columns);
        for (int r = 0; r < rows; r++) {
            RowLoops.add(at, biasAt, columns, at);
            at += values.rowBytes();
        }
    }

    @Override
    public void add(Window a, Window b, int rows, int columns, Window out) {
        long aAt = Memory.address(a, rows, columns);
        long bAt = Memory.address(b, rows, columns);
        long outAt = Memory.address(out, rows, columns);
        for (int r = 0; r < rows; r++) {
            RowLoops.add(aAt, bAt, columns, outAt);
            aAt += a.rowBytes();
            bAt += b.rowBytes();
            outAt += out.rowBytes();
        }
    }

    @Override
    public void addScaled(Window x, float factor, Window vector, int columns, Window out) {
        RowLoops.addScaled(
                Memory.address(x, 1, columns),
                factor,
                Memory.address(vector, 1, columns),
                columns,
                Memory.address(out, 1, columns));
    }

    @Override
    public float dot(Window a, Window b, int columns) {
        return sums.dot(Memory.address(a, 1, columns), Memory.address(b, 1, columns), columns);
    }

    @Override
    public void activate(Activation function, Window x, int rows, int columns, Window out) {
        long xAt = Memory.address(x, rows, columns);
        long outAt = Memory.address(out, rows, columns);
        for (int r = 0; r < rows; r++) {
            formulas.activate(function, xAt, columns, outAt);
            xAt += x.rowBytes();
            outAt += out.rowBytes();
        }
    }

    @Override
    public void normalize(Normalization norm, Window x, int rows, int columns) {
        long xAt = Memory.address(x, rows, columns);
        long weightAt = Memory.address(norm.weight(), 1, columns);
        long biasAt = Memory.address(norm.bias(), 1, columns);
        long outAt = Memory.address(norm.out(), rows, columns);
        Window normalized = norm.normalized() == null ? norm.out() : norm.normalized();
        long normalizedAt = Memory.address(normalized, rows, columns);
        for (int r = 0; r < rows; r++) {
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
    public void scale(Window values, int columns, float factor) {
        RowLoops.scale(Memory.address(values, 1, columns), columns, factor);
    }

    @Override
    public float max(Window values, int columns) {
        return RowLoops.max(Memory.address(values, 1, columns), columns);
    }

    @Override
    public void powers(Window values, int columns, float max, float temperature) {
        long at = Memory.address(values, 1, columns);
        RowLoops.centre(at, columns, max, temperature, at);
        VectorFormulas.exp(at, columns, 0);
    }

    @Override
    public void softmax(Window values, int columns) {
        long at = Memory.address(values, 1, columns);
        VectorFormulas.exp(at, columns, RowLoops.max(at, columns));
        RowLoops.divide(at, columns, sums.sum(at, columns));
    }
}
