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
    public void multiply(RowTiles x, int fromTile, int toTile, Panels w, Window out, boolean onward) {
        int width = w.width();
        float[] sums = first(width);
        for (int p = 0; p < w.count(); p++) {
            float[] weights = widened(w, p);
            int columns = Math.min(width, w.columns() - p * width);
            for (int tile = fromTile; tile < toTile; tile++) {
                int step = x.rowsOf(tile);
                for (int r = 0; r < step; r++) {
                    long to = out.at((long) tile * x.tileRows() + r, (long) p * width);
                    if (onward) {
                        MemorySegment.copy(out.data(), FLOAT, to, sums, 0, columns);
                    } else {
                        Arrays.fill(sums, 0, width, 0);
                    }
                    multiply(x.data(), x.tile(tile) + r, step, weights, w.depth(), width, sums);
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

    private float[] widened(Panels w, int index) {
        int count = w.depth() * w.width();
        if (panel.length < count) {
            panel = new float[count];
            stored = new short[count];
        }
        switch (w.type()) {
            case FLOAT32 -> MemorySegment.copy(w.data(), FLOAT, w.panel(index), panel, 0, count);
            case INT8 -> widenBlocks(w, w.panel(index));
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
    private void widenBlocks(Panels w, long begin) {
        int width = w.width();
        long scaleBytes = (long) width * Float.BYTES;
        for (int k = 0; k < w.depth(); k++) {
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
            float[] values = read(x.from(r, 0), columns, first(columns));
            for (int c = 0; c < columns; c++) {
                bits[c] = Rounding.bfloat16(values[c]);
            }
            MemorySegment.copy(bits, 0, out, ValueLayout.JAVA_SHORT, (long) r * columns * Short.BYTES, columns);
        }
    }

    @Override
    public void addBias(Window values, int rows, int columns, Window bias) {
        for (int r = 0; r < rows; r++) {
            Window row = values.from(r, 0);
            add(row, bias, 1, columns, row);
        }
    }

    @Override
    public void add(Window a, Window b, int rows, int columns, Window out) {
        for (int r = 0; r < rows; r++) {
            float[] left = read(a.from(r, 0), columns, first(columns));
            float[] right = read(b.from(r, 0), columns, second(columns));
            for (int c = 0; c < columns; c++) {
                left[c] += right[c];
            }
            write(left, columns, out.from(r, 0));
        }
    }

    @Override
    public void addScaled(Window x, float factor, Window vector, int columns, Window out) {
        float[] values = read(x, columns, first(columns));
        float[] direction = read(vector, columns, second(columns));
        for (int c = 0; c < columns; c++) {
            values[c] = Math.fma(factor, direction[c], values[c]);
        }
        write(values, columns, out);
    }

    @Override
    public float dot(Window a, Window b, int columns) {
        float[] left = read(a, columns, first(columns));
        float[] right = read(b, columns, second(columns));
        Arrays.fill(lanes, 0);
        for (int c = 0; c < columns; c++) {
            lanes[c % LANES] = Math.fma(left[c], right[c], lanes[c % LANES]);
        }
        return ScalarKernels.sumOfLanes(lanes);
    }

    @Override
    public void activate(Activation function, Window x, int rows, int columns, Window out) {
        for (int r = 0; r < rows; r++) {
            float[] values = read(x.from(r, 0), columns, first(columns));
            for (int c = 0; c < columns; c++) {
                values[c] = Formulas.activate(function, values[c]);
            }
            write(values, columns, out.from(r, 0));
        }
    }

    @Override
    public void normalize(Normalization norm, Window x, int rows, int columns) {
        for (int r = 0; r < rows; r++) {
            normalizeRow(norm.from(r), read(x.from(r, 0), columns, first(columns)), columns);
        }
    }

    private void normalizeRow(Normalization norm, float[] values, int columns) {
        float mean = sum(values, columns) / columns;
        float scale = (float) Math.sqrt(sumOfSquares(values, columns, mean) / columns + norm.epsilon());
        if (norm.scale() != null) {
            norm.scale().set(0, 0, scale);
        }
        for (int c = 0; c < columns; c++) {
            values[c] = (values[c] - mean) / scale;
        }
        if (norm.normalized() != null) {
            write(values, columns, norm.normalized());
        }
        transform(values, columns, norm.weight(), norm.bias());
        write(values, columns, norm.out());
    }

    private void transform(float[] values, int columns, Window weight, Window bias) {
        float[] weights = read(weight, columns, second(columns));
        float[] biases = read(bias, columns, third(columns));
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
    public void scale(Window values, int columns, float factor) {
        float[] row = read(values, columns, first(columns));
        for (int c = 0; c < columns; c++) {
            row[c] *= factor;
        }
        write(row, columns, values);
    }

    @Override
    public float max(Window values, int columns) {
        return max(read(values, columns, first(columns)), columns);
    }

    private static float max(float[] values, int columns) {
        float max = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < columns; c++) {
            max = Math.max(max, values[c]);
        }
        return max;
    }

    @Override
    public void powers(Window values, int columns, float max, float temperature) {
        float[] row = read(values, columns, first(columns));
        for (int c = 0; c < columns; c++) {
            row[c] = Formulas.exp((row[c] - max) / temperature);
        }
        write(row, columns, values);
    }

    @Override
    public void softmax(Window values, int columns) {
        float[] row = read(values, columns, first(columns));
        float max = max(row, columns);
        for (int c = 0; c < columns; c++) {
            row[c] = Formulas.exp(row[c] - max);
        }
        float sum = sum(row, columns);
        for (int c = 0; c < columns; c++) {
            row[c] /= sum;
        }
        write(row, columns, values);
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

    private static float[] read(Window row, int columns, float[] to) {
        MemorySegment.copy(row.data(), FLOAT, row.at(0, 0), to, 0, columns);
        return to;
    }

    private static void write(float[] values, int columns, Window to) {
        MemorySegment.copy(values, 0, to.data(), FLOAT, to.at(0, 0), columns);
    }
}
