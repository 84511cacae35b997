package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/** Brings a weight into panels. What panels hold beside it is left as it is: memory is born zeroed. */
final class Packing {

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

    private final WeightReader weight;
    private final Panels panels;

    /** From the beginning of a panel's row, the byte of each of its columns. */
    private final int[] columnOffsets;

    Packing(WeightReader weight, Panels panels) {
        this.weight = weight;
        this.panels = panels;
        Panels row = panels.columns(panels.width());
        columnOffsets = IntStream.range(0, panels.width())
                .map(c -> (int) (row.at(0, c) - row.at(0, 0)))
                .toArray();
    }

    /** Packs some panels, in the direction in which the file is read faster. */
    void pack(int fromPanel, int toPanel) {
        int first = fromPanel * panels.width();
        int count = Math.min(panels.columns(), toPanel * panels.width()) - first;
        if (weight.readsRowsFaster()) {
            var values = new float[count];
            for (int k = 0; k < panels.depth(); k++) {
                weight.row(k, first, count, values);
                putRow(k, fromPanel, values);
            }
        } else {
            var values = new float[panels.depth()];
            for (int n = first; n < first + count; n++) {
                weight.column(n, 0, values.length, values);
                putColumn(n, values);
            }
        }
    }

    private void putRow(int k, int fromPanel, float[] values) {
        int width = panels.width();
        for (int from = 0; from < values.length; from += width) {
            long row = panels.panel(fromPanel + from / width)
                    + (long) k * width * panels.type().bytes();
            put(values, from, Math.min(width, values.length - from), row);
        }
    }

    private void put(float[] values, int from, int count, long row) {
        MemorySegment data = panels.data();
        switch (panels.type()) {
            case BFLOAT16 -> {
                for (int c = 0; c < count; c++) {
                    data.set(SHORT, row + columnOffsets[c], Rounding.bfloat16(values[from + c]));
                }
            }
            case FLOAT16 -> {
                for (int c = 0; c < count; c++) {
                    data.set(SHORT, row + columnOffsets[c], Float.floatToFloat16(values[from + c]));
                }
            }
            default -> MemorySegment.copy(values, from, data, FLOAT, row, count);
        }
    }

    private void putColumn(int n, float[] values) {
        MemorySegment data = panels.data();
        long first = panels.at(0, n);
        long step = (long) panels.width() * panels.type().bytes();
        switch (panels.type()) {
            case BFLOAT16 -> {
                for (int k = 0; k < values.length; k++) {
                    data.set(SHORT, first + k * step, Rounding.bfloat16(values[k]));
                }
            }
            case FLOAT16 -> {
                for (int k = 0; k < values.length; k++) {
                    data.set(SHORT, first + k * step, Float.floatToFloat16(values[k]));
                }
            }
            default -> {
                for (int k = 0; k < values.length; k++) {
                    data.set(FLOAT, first + k * step, values[k]);
                }
            }
        }
    }

    /** Whether some panels of float16 hold an infinity or NaN, which vector lanes cannot widen. */
    static boolean holdsNonFinite(Panels panels, int fromPanel, int toPanel) {
        int exponent = 0x7c00;
        long end = panels.panel(toPanel);
        for (long at = panels.panel(fromPanel); at < end; at += Short.BYTES) {
            if ((panels.data().get(SHORT, at) & exponent) == exponent) {
                return true;
            }
        }
        return false;
    }
}
