package dev.weir.backend.cpu;

import dev.weir.program.Op.CacheKind;
import dev.weir.program.Pages;
import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Keys or values of one layer, of every slot. Each head of each page is a matrix in {@link Panels}, which a product streams
 * through: keys are [dh, rows of a page], so that lanes run over positions; values are [rows of a page, dh], so that lanes run over the
 * width of a head.
 */
final class KeyValueCache {

    /**
     * The sizes of a cache.
     *
     * @param rows of all pages
     * @param headWidth dh
     */
    record Shape(CacheKind kind, int rows, Pages pages, int heads, int headWidth) {
        int depth() {
            return kind == CacheKind.KEYS ? headWidth : pages.rows();
        }

        int columns() {
            return kind == CacheKind.KEYS ? pages.rows() : headWidth;
        }
    }

    private final Shape shape;
    private final PageTable pages;
    private final int panelWidth;
    private final MemorySegment memory;
    private final Panels[] heads;

    KeyValueCache(Shape shape, PageTable pages, int panelWidth, Slabs slabs) {
        this.shape = shape;
        this.pages = pages;
        this.panelWidth = panelWidth;
        heads = new Panels[Math.multiplyExact(shape.rows() / shape.pages().rows(), shape.heads())];
        long panelBytes = Panels.panelBytes(DType.FLOAT32, shape.depth(), panelWidth);
        long headBytes = Math.ceilDiv(shape.columns(), panelWidth) * panelBytes;
        memory = slabs.allocate(Math.multiplyExact(headBytes, (long) heads.length));
        Arrays.setAll(
                heads,
                i -> Panels.dense(memory, i * headBytes, DType.FLOAT32, shape.depth(), shape.columns(), panelWidth));
    }

    Shape shape() {
        return shape;
    }

    /** Which positions are where. */
    PageTable pages() {
        return pages;
    }

    /**
     * The matrix of one head of a page.
     *
     * @param index which page of the slot
     */
    Panels head(int slot, int index, int head) {
        return heads[pages.page(slot, index) * shape.heads() + head];
    }

    /**
     * Stores one position of one head.
     *
     * @param x where it is in a row, [rows, heads x dh]
     */
    void put(int slot, int head, int position, Window x, int row) {
        long from = x.at(row, (long) head * shape.headWidth());
        int index = pages.index(position);
        Panels matrix = head(slot, index, head);
        int inPage = position - pages.first(index);
        switch (shape.kind()) {
            case KEYS -> putKey(matrix, inPage, x.data(), from);
            case VALUES -> putValue(matrix, inPage, x.data(), from);
        }
    }

    /** A column of the matrix. */
    private void putKey(Panels matrix, int position, MemorySegment x, long from) {
        long to = matrix.at(0, position);
        long step = (long) panelWidth * Float.BYTES;
        for (int i = 0; i < shape.headWidth(); i++) {
            float value = x.get(ValueLayout.JAVA_FLOAT, from + (long) i * Float.BYTES);
            memory.set(ValueLayout.JAVA_FLOAT, to + i * step, value);
        }
    }

    /** A row of the matrix, a part of it in each panel. */
    private void putValue(Panels matrix, int position, MemorySegment x, long from) {
        for (int i = 0; i < shape.headWidth(); i += panelWidth) {
            long bytes = (long) Math.min(panelWidth, shape.headWidth() - i) * Float.BYTES;
            MemorySegment.copy(x, from + (long) i * Float.BYTES, memory, matrix.at(position, i), bytes);
        }
    }
}
