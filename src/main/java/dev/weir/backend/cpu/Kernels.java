package dev.weir.backend.cpu;

import dev.weir.program.Activation;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of the CPU machine. {@link ScalarKernels} defines every method to the bit; every other implementation returns the
 * same bits, whatever the number of rows, the blocking and the width of its vectors. Where a result is NaN, any NaN is the same.
 *
 * <p>An instance belongs to one thread: it may keep buffers. What is worked on is named by windows that last and by numbers of rows
 * and columns, so that a step makes no windows of its own.
 */
public interface Kernels {

    /** For people: which instructions, how wide. */
    String description();

    /** Columns of the panels that {@link #multiply} takes, a multiple of two. */
    int panelWidth();

    /** Rows of the tiles that {@link #multiply} takes. */
    int tileRows();

    /**
     * Rows times columns of a matrix: out[r][n] = fma(x[r][k], w[k][n], ...) for k ascending, begun at zero.
     *
     * @param x [rows, depth], of which the tiles from {@code fromTile} to {@code toTile} are multiplied
     * @param w at least as deep as x; what is deeper does not count
     * @param fromColumn with which a panel begins
     * @param out where the columns of w have the same numbers
     * @param outRow the row to which row 0 of x goes
     * @param onward begin at what {@code out} holds instead of at zero
     */
    void multiply(
            RowTiles x,
            int fromTile,
            int toTile,
            Panels w,
            int fromColumn,
            int toColumn,
            Window out,
            int outRow,
            boolean onward);

    /** The bits of x as bfloat16, rounded to nearest, ties to even; rows follow one another without gaps. */
    void bfloat16(Window x, int rows, int columns, MemorySegment out);

    /** values[r][c] = values[r][c] + bias[c], for some rows and columns. */
    void addBias(Window values, int fromRow, int toRow, int fromColumn, int toColumn, Window bias);

    /** out = a + b, for some rows. */
    void add(Window a, Window b, int fromRow, int toRow, int columns, Window out);

    /**
     * out[c] = fma(factor, v[c], x[c]), for one row.
     *
     * @param row of x and of out
     * @param v a row of {@code vectors}
     */
    void addScaled(Window x, int row, float factor, Window vectors, int v, int columns, Window out);

    /** The sum of x[c] * v[c] over one row of each, with fma into its partial sums. */
    float dot(Window x, int row, Window vectors, int v, int columns);

    /** out = function(x), element by element, for some rows and columns; the two may be the same. */
    void activate(Activation function, Window x, int fromRow, int toRow, int fromColumn, int toColumn, Window out);

    /** Layer normalisation of some rows. */
    void normalize(Normalization norm, Window x, int fromRow, int toRow, int columns);

    /**
     * Where a layer normalisation finds its weights and leaves its results.
     *
     * @param weight [1, columns]
     * @param bias [1, columns]
     * @param scale [rows, 1], the divisor, where somebody looks
     * @param normalized [rows, columns], before weight and bias, where somebody looks
     */
    record Normalization(
            Window weight,
            Window bias,
            float epsilon,
            Window out,
            @Nullable Window scale,
            @Nullable Window normalized) {}

    /** values[c] = values[c] * factor, for one row. */
    void scale(Window values, int row, int columns, float factor);

    /** The largest value of one row; NaN if there is one. */
    float max(Window values, int row, int columns);

    /** values[c] = exp((values[c] - max) / temperature), for one row. */
    void powers(Window values, int row, int columns, float max, float temperature);

    /** values = softmax(values), for one row. */
    void softmax(Window values, int row, int columns);
}
