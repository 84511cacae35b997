package dev.weir.backend.cpu;

import dev.weir.backend.WeightView;
import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/** Numbers for tests, and the memory that kernels want them in. */
final class Values {

    private Values() {}

    /** Ordinary numbers of widely different size. */
    static float[] random(Random random, int count) {
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(4) - 2));
        }
        return values;
    }

    /** Memory without any number in it: rows of a stride that is no multiple of anything, so that nothing is aligned by luck. */
    static Window poisoned(int rows, int columns) {
        long stride = columns + 3L;
        MemorySegment data = Arena.ofAuto().allocate((rows * stride + 1) * Float.BYTES, Float.BYTES);
        var window = new Window(data, Float.BYTES, stride);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                window.set(r, c, Float.NaN);
            }
        }
        return window;
    }

    static Window window(float[] values, int columns) {
        Window window = poisoned(values.length / columns, columns);
        for (int i = 0; i < values.length; i++) {
            window.set(i / columns, i % columns, values[i]);
        }
        return window;
    }

    static float[] read(Window window, int rows, int columns) {
        var values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = window.get(i / columns, i % columns);
        }
        return values;
    }

    static RowTiles tiles(int tileRows, float[] values, int columns) {
        int rows = values.length / columns;
        var tiles = new RowTiles(tileRows);
        tiles.begin(rows, columns);
        tiles.fill(window(values, columns), 0, 0, 0, tiles.count(), new float[columns]);
        return tiles;
    }

    static Panels panels(Kernels kernels, DType type, float[] values, int columns) {
        int depth = values.length / columns;
        int width = kernels.panelWidth();
        long bytes = Math.ceilDiv(columns, width) * Panels.panelBytes(type, depth, width);
        MemorySegment data = Arena.ofAuto().allocate(bytes, 64);
        Panels panels = Panels.dense(data, 0, type, depth, columns, width);
        if (type == DType.INT8) {
            WeightView view = WeightView.rowMajor(MemorySegment.ofArray(values), DType.FLOAT32, columns);
            new Int8Packing("w", view, panels).pack(0, panels.count());
            return panels;
        }
        for (int i = 0; i < values.length; i++) {
            type.write(data, panels.at(i / columns, i % columns), values[i]);
        }
        return panels;
    }

    /** The bits, every NaN as one. */
    static int[] bits(float[] values) {
        var bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
        return bits;
    }
}
