package dev.weir.backend.cpu;

import dev.weir.backend.WeightView;
import dev.weir.tensor.Int8Blocks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Makes panels of int8 of a weight. What panels hold beside it is left as it is: memory is born zeroed. */
final class Int8Packing {

    private static final int LENGTH = Int8Blocks.LENGTH;

    private final String name;
    private final WeightView weight;
    private final Panels panels;

    /**
     * Begins.
     *
     * @param name of the weight, for errors
     * @param weight the values that are in its file
     */
    Int8Packing(String name, WeightView weight, Panels panels) {
        this.name = name;
        this.weight = weight;
        this.panels = panels;
    }

    /**
     * Packs some panels, in the direction in which the file is read faster.
     *
     * @throws IllegalArgumentException if int8 cannot hold a value
     */
    void pack(int fromPanel, int toPanel) {
        int first = fromPanel * panels.width();
        int count = Math.min(panels.columns(), toPanel * panels.width()) - first;
        if (weight.readsRowsFaster()) {
            packRows(first, count);
        } else {
            packColumns(first, count);
        }
    }

    private void packRows(int first, int count) {
        var row = new float[count];
        var blocks = new float[count * LENGTH];
        var q = new byte[LENGTH];
        for (int k = 0; k < panels.depth(); k += LENGTH) {
            int length = Math.min(LENGTH, panels.depth() - k);
            for (int i = 0; i < length; i++) {
                weight.row(k + i, first, count, row);
                for (int c = 0; c < count; c++) {
                    blocks[c * LENGTH + i] = row[c];
                }
            }
            for (int c = 0; c < count; c++) {
                put(blocks, c * LENGTH, length, k, first + c, q);
            }
        }
    }

    private void packColumns(int first, int count) {
        var column = new float[panels.depth()];
        var q = new byte[LENGTH];
        for (int n = first; n < first + count; n++) {
            weight.column(n, 0, column.length, column);
            for (int k = 0; k < column.length; k += LENGTH) {
                put(column, k, Math.min(LENGTH, column.length - k), k, n, q);
            }
        }
    }

    private void put(float[] values, int from, int length, int k, int n, byte[] q) {
        short scale = Int8Blocks.quantize(values, from, length, q, 0);
        Int8Blocks.requireScale(scale, values, from, length, name);
        MemorySegment data = panels.data();
        data.set(ValueLayout.JAVA_FLOAT, panels.scaleAt(k, n), Float.float16ToFloat(scale));
        long first = panels.at(k, n);
        long groupBytes = (long) panels.width() * Integer.BYTES;
        for (int i = 0; i < length; i++) {
            data.set(ValueLayout.JAVA_BYTE, first + i / Integer.BYTES * groupBytes + i % Integer.BYTES, q[i]);
        }
    }
}
