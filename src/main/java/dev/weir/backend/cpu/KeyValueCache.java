package dev.weir.backend.cpu;

import dev.weir.program.Op.CacheKind;
import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Keys or values of one layer, of every slot. Each head of each slot is a matrix in {@link Panels}, which a product streams
 * through: keys are [dh, context], so that lanes run over positions; values are [context, dh], so that lanes run over the width of
 * a head.
 */
final class KeyValueCache {

    /**
     * The sizes of a cache.
     *
     * @param context positions of each slot
     * @param headWidth dh
     */
    record Shape(CacheKind kind, int slots, int context, int heads, int headWidth) {
        int depth() {
            return kind == CacheKind.KEYS ? headWidth : context;
        }

        int columns() {
            return kind == CacheKind.KEYS ? context : headWidth;
        }
    }

    private final Shape shape;
    private final int panelWidth;
    private final long panelBytes;
    private final long headBytes;
    private final MemorySegment memory;

    KeyValueCache(Shape shape, int panelWidth, Slabs slabs) {
        this.shape = shape;
        this.panelWidth = panelWidth;
        panelBytes = Panels.panelBytes(DType.FLOAT32, shape.depth(), panelWidth);
        headBytes = Math.ceilDiv(shape.columns(), panelWidth) * panelBytes;
        memory = slabs.allocate(Math.multiplyExact(headBytes, (long) shape.slots() * shape.heads()));
    }

    Shape shape() {
        return shape;
    }

    /** The matrix of one head. */
    Panels head(int slot, int head) {
        long offset = ((long) slot * shape.heads() + head) * headBytes;
        return new Panels(memory, offset, DType.FLOAT32, 0, shape.depth(), shape.columns(), panelWidth, panelBytes);
    }

    /** Stores one position of one head: the first dh values of a row. */
    void put(int slot, int head, int position, Window x) {
        switch (shape.kind()) {
            case KEYS -> putKey(head(slot, head), position, x);
            case VALUES -> putValue(head(slot, head), position, x);
        }
    }

    /** A column of the matrix. */
    private void putKey(Panels matrix, int position, Window x) {
        long to = matrix.at(0, position);
        long step = (long) panelWidth * Float.BYTES;
        long from = x.at(0, 0);
        for (int i = 0; i < shape.headWidth(); i++) {
            float value = x.data().get(ValueLayout.JAVA_FLOAT, from + (long) i * Float.BYTES);
            memory.set(ValueLayout.JAVA_FLOAT, to + i * step, value);
        }
    }

    /** A row of the matrix, a part of it in each panel. */
    private void putValue(Panels matrix, int position, Window x) {
        for (int i = 0; i < shape.headWidth(); i += panelWidth) {
            long bytes = (long) Math.min(panelWidth, shape.headWidth() - i) * Float.BYTES;
            MemorySegment.copy(x.data(), x.at(0, i), memory, matrix.at(position, i), bytes);
        }
    }
}
