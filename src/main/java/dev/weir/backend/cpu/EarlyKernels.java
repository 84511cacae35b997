package dev.weir.backend.cpu;

import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Kernels for the first moments of a process. Until a compiler has seen them, vectors are objects and segments are calls, each a
 * hundred times slower than it will be; loops over arrays on the heap are quick from the beginning. So these bring their values to
 * arrays in one copy, and back in another. The bits are those of {@link ScalarKernels}.
 */
final class EarlyKernels implements Kernels {

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
    private static final int LANES = ScalarKernels.LANES;

    private final int panelWidth;
    private final int tileRows;
    private final float[] lanes = new float[LANES];
    private float[] panel = new float[0];
    private short[] stored = new short[0];
    private final float[] scales;
    private final byte[] numbers;
    private float[] first = new float[0];
    private float[] second = new float[0];
    private float[] third = new float[0];

    /**
     * Kernels that take what others take, so that they can be exchanged at any time.
     *
     * @param panelWidth a multiple of four
     */
    EarlyKernels(int panelWidth, int tileRows) {
        this.panelWidth = panelWidth;
        this.tileRows = tileRows;
        scales = new float[panelWidth];
        numbers = new byte[panelWidth * Int8Blocks.LENGTH];
    }

    @Override
    public String description() {
        return "arrays";
    }

    @Override
    public int panelWidth() {
        return panelWidth;
    }

    @Override
    public int tileRows() {
        return tileRows;
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
        int width = w.width();
        float[] sums = first(width);
        for (int column = fromColumn; column < toColumn; column += width) {
            float[] weights = widened(w, column / width, x.depth());
            int columns = Math.min(width, toColumn - column);
            for (int tile = fromTile; tile < toTile; tile++) {
                int step = x.rowsOf(tile);
                for (int r = 0; r < step; r++) {
                    long to = out.at(outRow + tile * x.tileRows() + r, column);
                    if (onward) {
                        MemorySegment.copy(out.data(), FLOAT, to, sums, 0, columns);
                    } else {
                        Arrays.fill(sums, 0, width, 0);
                    }
                    multiply(x.data(), x.tile(tile) + r, step, weights, x.depth(), width, sums);
                    MemorySegment.copy(sums, 0, out.data(), FLOAT, to, columns);
                }
            }
        }
    }

    /** Four columns at a time: a compiler keeps that many sums in registers, and a core has something to do while it adds. */
    private static void multiply(float[] x, int from, int step, float[] w, int depth, int width, float[] sums) {
        for (int c = 0; c < width; c += 4) {
            float sum0 = sums[c];
            float sum1 = sums[c + 1];
            float sum2 = sums[c + 2];
            float sum3 = sums[c + 3];
            int at = c;
            int row = from;
            for (int k = 0; k < depth; k++) {
                float factor = x[row];
                sum0 = Math.fma(factor, w[at], sum0);
                sum1 = Math.fma(factor, w[at + 1], sum1);
                sum2 = Math.fma(factor, w[at + 2], sum2);
                sum3 = Math.fma(factor, w[at + 3], sum3);
                at += width;
                row += step;
            }
            sums[c] = sum0;
            sums[c + 1] = sum1;
            sums[c + 2] = sum2;
            sums[c + 3] = sum3;
        }
    }

    private float[] widened(Panels w, int index, int depth) {
        int count = depth * w.width();
        if (panel.length < count) {
            panel = new float[count];
            stored = new short[count];
        }
        switch (w.type()) {
            case FLOAT32 -> MemorySegment.copy(w.data(), FLOAT, w.panel(index), panel, 0, count);
            case INT8 -> widenBlocks(w, w.panel(index), depth);
            default -> widenHalves(w, w.panel(index), count);
        }
        return panel;
    }

    /** Neighbours belong to the two halves of a row. */
    private void widenHalves(Panels w, long begin, int count) {
        MemorySegment.copy(w.data(), ValueLayout.JAVA_SHORT, begin, stored, 0, count);
        int half = w.width() / 2;
        boolean isBfloat16 = w.type() == DType.BFLOAT16;
        for (int row = 0; row < count; row += w.width()) {
            for (int c = 0; c < half; c++) {
                panel[row + c] = widen(stored[row + 2 * c], isBfloat16);
                panel[row + half + c] = widen(stored[row + 2 * c + 1], isBfloat16);
            }
        }
    }

    /** Blocks of scales and of numbers, four depths of a column beside each other. */
    private void widenBlocks(Panels w, long begin, int depths) {
        int width = w.width();
        long scaleBytes = (long) width * Float.BYTES;
        for (int k = 0; k < depths; k++) {
            int depth = w.skipped() + k;
            int inBlock = depth % Int8Blocks.LENGTH;
            if (k == 0 || inBlock == 0) {
                long block = begin + depth / Int8Blocks.LENGTH * Panels.blockBytes(width);
                MemorySegment.copy(w.data(), FLOAT, block, scales, 0, width);
                MemorySegment.copy(
                        w.data(), ValueLayout.JAVA_BYTE, block + scaleBytes, numbers, 0, width * Int8Blocks.LENGTH);
            }
            int group = inBlock / Panels.GROUP * width * Panels.GROUP + inBlock % Panels.GROUP;
            for (int c = 0; c < width; c++) {
                panel[k * width + c] = numbers[group + c * Panels.GROUP] * scales[c];
            }
        }
    }

    private static float widen(short bits, boolean isBfloat16) {
        return isBfloat16 ? Float.intBitsToFloat(bits << Short.SIZE) : Float.float16ToFloat(bits);
    }

    @Override
    public void bfloat16(Window x, int rows, int columns, MemorySegment out) {
        var bits = new short[columns];
        for (int r = 0; r < rows; r++) {
            float[] values = read(x, r, 0, columns, first(columns));
            for (int c = 0; c < columns; c++) {
                bits[c] = Rounding.bfloat16(values[c]);
            }
            MemorySegment.copy(bits, 0, out, ValueLayout.JAVA_SHORT, (long) r * columns * Short.BYTES, columns);
        }
    }

    @Override
    public void addBias(Window values, int fromRow, int toRow, int fromColumn, int toColumn, Window bias) {
        int columns = toColumn - fromColumn;
        float[] biases = read(bias, 0, fromColumn, columns, second(columns));
        for (int r = fromRow; r < toRow; r++) {
            float[] row = read(values, r, fromColumn, columns, first(columns));
            add(row, biases, columns);
            write(row, columns, values, r, fromColumn);
        }
    }

    @Override
    public void add(Window a, Window b, int fromRow, int toRow, int columns, Window out) {
        for (int r = fromRow; r < toRow; r++) {
            float[] left = read(a, r, 0, columns, first(columns));
            add(left, read(b, r, 0, columns, second(columns)), columns);
            write(left, columns, out, r, 0);
        }
    }

    private static void add(float[] left, float[] right, int columns) {
        for (int c = 0; c < columns; c++) {
            left[c] += right[c];
        }
    }

    @Override
    public void addScaled(Window x, int row, float factor, Window vectors, int v, int columns, Window out) {
        float[] values = read(x, row, 0, columns, first(columns));
        float[] direction = read(vectors, v, 0, columns, second(columns));
        for (int c = 0; c < columns; c++) {
            values[c] = Math.fma(factor, direction[c], values[c]);
        }
        write(values, columns, out, row, 0);
    }

    @Override
    public float dot(Window x, int row, Window vectors, int v, int columns) {
        float[] left = read(x, row, 0, columns, first(columns));
        float[] right = read(vectors, v, 0, columns, second(columns));
        Arrays.fill(lanes, 0);
        for (int c = 0; c < columns; c++) {
            lanes[c % LANES] = Math.fma(left[c], right[c], lanes[c % LANES]);
        }
        return ScalarKernels.sumOfLanes(lanes);
    }

    @Override
    public void activate(
            Activation function, Window x, int fromRow, int toRow, int fromColumn, int toColumn, Window out) {
        int columns = toColumn - fromColumn;
        for (int r = fromRow; r < toRow; r++) {
            float[] values = read(x, r, fromColumn, columns, first(columns));
            for (int c = 0; c < columns; c++) {
                values[c] = Formulas.activate(function, values[c]);
            }
            write(values, columns, out, r, fromColumn);
        }
    }

    @Override
    public void normalize(Normalization norm, Window x, int fromRow, int toRow, int columns) {
        for (int r = fromRow; r < toRow; r++) {
            normalizeRow(norm, r, read(x, r, 0, columns, first(columns)), columns);
        }
    }

    private void normalizeRow(Normalization norm, int row, float[] values, int columns) {
        float mean = sum(values, columns) / columns;
        float scale = (float) Math.sqrt(sumOfSquares(values, columns, mean) / columns + norm.epsilon());
        if (norm.scale() != null) {
            norm.scale().set(row, 0, scale);
        }
        for (int c = 0; c < columns; c++) {
            values[c] = (values[c] - mean) / scale;
        }
        if (norm.normalized() != null) {
            write(values, columns, norm.normalized(), row, 0);
        }
        transform(values, columns, norm.weight(), norm.bias());
        write(values, columns, norm.out(), row, 0);
    }

    private void transform(float[] values, int columns, Window weight, Window bias) {
        float[] weights = read(weight, 0, 0, columns, second(columns));
        float[] biases = read(bias, 0, 0, columns, third(columns));
        for (int c = 0; c < columns; c++) {
            values[c] = Math.fma(values[c], weights[c], biases[c]);
        }
    }

    private float sum(float[] values, int columns) {
        Arrays.fill(lanes, 0);
        for (int c = 0; c < columns; c++) {
            lanes[c % LANES] += values[c];
        }
        return ScalarKernels.sumOfLanes(lanes);
    }

    private float sumOfSquares(float[] values, int columns, float mean) {
        Arrays.fill(lanes, 0);
        for (int c = 0; c < columns; c++) {
            float centred = values[c] - mean;
            lanes[c % LANES] = Math.fma(centred, centred, lanes[c % LANES]);
        }
        return ScalarKernels.sumOfLanes(lanes);
    }

    @Override
    public void scale(Window values, int row, int columns, float factor) {
        float[] scaled = read(values, row, 0, columns, first(columns));
        for (int c = 0; c < columns; c++) {
            scaled[c] *= factor;
        }
        write(scaled, columns, values, row, 0);
    }

    @Override
    public float max(Window values, int row, int columns) {
        return max(read(values, row, 0, columns, first(columns)), columns);
    }

    private static float max(float[] values, int columns) {
        float max = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < columns; c++) {
            max = Math.max(max, values[c]);
        }
        return max;
    }

    @Override
    public void powers(Window values, int row, int columns, float max, float temperature) {
        float[] powers = read(values, row, 0, columns, first(columns));
        for (int c = 0; c < columns; c++) {
            powers[c] = Formulas.exp((powers[c] - max) / temperature);
        }
        write(powers, columns, values, row, 0);
    }

    @Override
    public void softmax(Window values, int row, int columns) {
        float[] powers = read(values, row, 0, columns, first(columns));
        float max = max(powers, columns);
        for (int c = 0; c < columns; c++) {
            powers[c] = Formulas.exp(powers[c] - max);
        }
        float sum = sum(powers, columns);
        for (int c = 0; c < columns; c++) {
            powers[c] /= sum;
        }
        write(powers, columns, values, row, 0);
    }

    private float[] first(int columns) {
        if (first.length < columns) {
            first = new float[columns];
        }
        return first;
    }

    private float[] second(int columns) {
        if (second.length < columns) {
            second = new float[columns];
        }
        return second;
    }

    private float[] third(int columns) {
        if (third.length < columns) {
            third = new float[columns];
        }
        return third;
    }

    private static float[] read(Window from, int row, int column, int columns, float[] to) {
        MemorySegment.copy(from.data(), FLOAT, from.at(row, column), to, 0, columns);
        return to;
    }

    private static void write(float[] values, int columns, Window to, int row, int column) {
        MemorySegment.copy(values, 0, to.data(), FLOAT, to.at(row, column), columns);
    }
}
