package dev.weir.backend.cpu;

import dev.weir.program.Activation;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of the CPU machine. {@link ScalarKernels} defines every method to the bit; every other implementation returns the
 * same bits, whatever the number of rows, the blocking and the width of its vectors. Where a result is NaN, any NaN is the same.
 *
 * <p>An instance belongs to one thread: it may keep buffers.
 */
public interface Kernels {

    /** For people: which instructions, how wide. */
    String description();

    /** Columns of the panels that {@link #multiply} takes, a multiple of two. */
    int panelWidth();

    /** Rows of the tiles that {@link #multiply} takes. */
    int tileRows();

    /**
     * Rows times a matrix: out[r][n] = fma(x[r][k], w[k][n], ...) for k ascending, begun at zero.
     *
     * @param x [rows, w.depth], of which the tiles from {@code fromTile} to {@code toTile} are multiplied
     * @param out where row 0 of x goes, [rows, w.columns]
     * @param onward begin at what {@code out} holds instead of at zero
     */
    void multiply(RowTiles x, int fromTile, int toTile, Panels w, Window out, boolean onward);

    /** The bits of x as bfloat16, rounded to nearest, ties to even; rows follow one another without gaps. */
    void bfloat16(Window x, int rows, int columns, MemorySegment out);

    /** values[r][c] = values[r][c] + bias[c] */
    void addBias(Window values, int rows, int columns, Window bias);

    /** out = a + b */
    void add(Window a, Window b, int rows, int columns, Window out);

    /** out[c] = fma(factor, vector[c], x[c]), for one row. */
    void addScaled(Window x, float factor, Window vector, int columns, Window out);

    /** The sum of a[c] * b[c] over one row, with fma into its partial sums. */
    float dot(Window a, Window b, int columns);

    /** out = function(x), element by element; the two may be the same. */
    void activate(Activation function, Window x, int rows, int columns, Window out);

    /** Layer normalisation of each row. */
    void normalize(Normalization norm, Window x, int rows, int columns);

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
            @Nullable Window normalized) {

        /** The same for the rows from this one on. */
        public Normalization from(int row) {
            return new Normalization(
                    weight,
                    bias,
                    epsilon,
                    out.from(row, 0),
                    scale == null ? null : scale.from(row, 0),
                    normalized == null ? null : normalized.from(row, 0));
        }
    }

    /** values[c] = values[c] * factor, for one row. */
    void scale(Window values, int columns, float factor);

    /** The largest value of one row; NaN if there is one. */
    float max(Window values, int columns);

    /** values[c] = exp((values[c] - max) / temperature), for one row. */
    void powers(Window values, int columns, float max, float temperature);

    /** values = softmax(values), for one row. */
    void softmax(Window values, int columns);
}
