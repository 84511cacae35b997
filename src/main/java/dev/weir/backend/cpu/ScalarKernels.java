package dev.weir.backend.cpu;

import dev.weir.program.Activation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * What each op means, one float32 operation after another. Plain loops, to be read and to be tested against; they are not fast.
 *
 * <p>Three rules make results independent of how work is cut up:
 *
 * <ul>
 *   <li>A product reduces in one chain of fused multiply-adds from zero, k ascending, so vector lanes run over columns; a bias is
 *       added to the finished sum. Weights are rounded to the type in which they are kept, once, and widened exactly.
 *   <li>A sum over a row has {@value #LANES} partial sums, lane i taking the elements i, i + 16, i + 32, ... in ascending order from
 *       zero; then lane i takes up lane i + 8, then i + 4, i + 2 and i + 1.
 *   <li>A maximum has no order, and is NaN if anything is.
 * </ul>
 *
 * <p>Attention is made of these: for each head the product of the query with the keys up to the row's position, times the scale
 * ({@link #scale}), is the score; {@link #softmax} over the positions, lanes by position, is the pattern; its product with the
 * values, positions ascending, is z. The result of a head is the product of its part of z with its rows of the output matrix.
 */
public final class ScalarKernels implements Kernels {

    /** Partial sums of a row. */
    public static final int LANES = 16;

    private static final int PANEL_WIDTH = 16;
    private static final int TILE_ROWS = 4;

    private final float[] lanes = new float[LANES];

    @Override
    public String description() {
        return "scalar";
    }

    @Override
    public int panelWidth() {
        return PANEL_WIDTH;
    }

    @Override
    public int tileRows() {
        return TILE_ROWS;
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
        int end = Math.min(x.rows(), toTile * x.tileRows());
        for (int r = fromTile * x.tileRows(); r < end; r++) {
            for (int n = fromColumn; n < toColumn; n++) {
                float sum = onward ? out.get(outRow + r, n) : 0;
                for (int k = 0; k < x.depth(); k++) {
                    sum = Math.fma(x.get(r, k), w.get(k, n), sum);
                }
                out.set(outRow + r, n, sum);
            }
        }
    }

    @Override
    public void bfloat16(Window x, int rows, int columns, MemorySegment out) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                out.setAtIndex(ValueLayout.JAVA_SHORT, (long) r * columns + c, Rounding.bfloat16(x.get(r, c)));
            }
        }
    }

    @Override
    public void addBias(Window values, int fromRow, int toRow, int fromColumn, int toColumn, Window bias) {
        for (int r = fromRow; r < toRow; r++) {
            for (int c = fromColumn; c < toColumn; c++) {
                values.set(r, c, values.get(r, c) + bias.get(0, c));
            }
        }
    }

    @Override
    public void add(Window a, Window b, int fromRow, int toRow, int columns, Window out) {
        for (int r = fromRow; r < toRow; r++) {
            for (int c = 0; c < columns; c++) {
                out.set(r, c, a.get(r, c) + b.get(r, c));
            }
        }
    }

    @Override
    public void addScaled(Window x, int row, float factor, Window vectors, int v, int columns, Window out) {
        for (int c = 0; c < columns; c++) {
            out.set(row, c, Math.fma(factor, vectors.get(v, c), x.get(row, c)));
        }
    }

    @Override
    public float dot(Window x, int row, Window vectors, int v, int columns) {
        Arrays.fill(lanes, 0);
        for (int c = 0; c < columns; c++) {
            lanes[c % LANES] = Math.fma(x.get(row, c), vectors.get(v, c), lanes[c % LANES]);
        }
        return sumOfLanes(lanes);
    }

    @Override
    public void activate(
            Activation function, Window x, int fromRow, int toRow, int fromColumn, int toColumn, Window out) {
        for (int r = fromRow; r < toRow; r++) {
            for (int c = fromColumn; c < toColumn; c++) {
                out.set(r, c, Formulas.activate(function, x.get(r, c)));
            }
        }
    }

    @Override
    public void normalize(Normalization norm, Window x, int fromRow, int toRow, int columns) {
        for (int r = fromRow; r < toRow; r++) {
            normalizeRow(norm, x, r, columns);
        }
    }

    /** mean = sum(x) / D; scale = sqrt(sum((x - mean)^2) / D + epsilon); normalized = (x - mean) / scale. */
    private void normalizeRow(Normalization norm, Window x, int row, int columns) {
        Arrays.fill(lanes, 0);
        for (int c = 0; c < columns; c++) {
            lanes[c % LANES] += x.get(row, c);
        }
        float mean = sumOfLanes(lanes) / columns;

        Arrays.fill(lanes, 0);
        for (int c = 0; c < columns; c++) {
            float centred = x.get(row, c) - mean;
            lanes[c % LANES] = Math.fma(centred, centred, lanes[c % LANES]);
        }
        float scale = (float) Math.sqrt(sumOfLanes(lanes) / columns + norm.epsilon());

        if (norm.scale() != null) {
            norm.scale().set(row, 0, scale);
        }
        for (int c = 0; c < columns; c++) {
            float normalized = (x.get(row, c) - mean) / scale;
            if (norm.normalized() != null) {
                norm.normalized().set(row, c, normalized);
            }
            norm.out()
                    .set(
                            row,
                            c,
                            Math.fma(
                                    normalized,
                                    norm.weight().get(0, c),
                                    norm.bias().get(0, c)));
        }
    }

    @Override
    public void scale(Window values, int row, int columns, float factor) {
        for (int c = 0; c < columns; c++) {
            values.set(row, c, values.get(row, c) * factor);
        }
    }

    @Override
    public float max(Window values, int row, int columns) {
        float max = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < columns; c++) {
            max = Math.max(max, values.get(row, c));
        }
        return max;
    }

    @Override
    public void powers(Window values, int row, int columns, float max, float temperature) {
        for (int c = 0; c < columns; c++) {
            values.set(row, c, Formulas.exp((values.get(row, c) - max) / temperature));
        }
    }

    /** exp(x - max(x)) / sum(exp(x - max(x))) */
    @Override
    public void softmax(Window values, int row, int columns) {
        float max = max(values, row, columns);
        Arrays.fill(lanes, 0);
        for (int c = 0; c < columns; c++) {
            float power = Formulas.exp(values.get(row, c) - max);
            lanes[c % LANES] += power;
            values.set(row, c, power);
        }
        float sum = sumOfLanes(lanes);
        for (int c = 0; c < columns; c++) {
            values.set(row, c, values.get(row, c) / sum);
        }
    }

    /**
     * The sum of the partial sums of a row, as a tree.
     *
     * @param lanes {@value #LANES} partial sums, overwritten
     */
    public static float sumOfLanes(float[] lanes) {
        for (int distance = LANES / 2; distance > 0; distance /= 2) {
            for (int i = 0; i < distance; i++) {
                lanes[i] += lanes[i + distance];
            }
        }
        return lanes[0];
    }
}
