package dev.weir.backend.cpu;

import dev.weir.program.Pages;
import java.util.ArrayList;
import java.util.List;

/** Memory of one thread for rows of float32 values, reused while it is large enough. It belongs to whoever asked for it last. */
final class Room implements AutoCloseable {

    private static final int LINE = (int) (Slab.ALIGNMENT / Float.BYTES);

    /** Columns after which another window begins. */
    private static final int PART = Pages.SMALLEST;

    private final List<Window> parts = new ArrayList<>();
    private Slab slab = new Slab(Slab.ALIGNMENT);
    private Window window = new Window(slab.memory(), 0, 0);

    /** Room for so many rows. It grows to more than is asked for: what a sequence needs grows with it, by one a step. */
    Window of(int rows, int columns) {
        if (window.stride() < columns || slab.memory().byteSize() < rows * window.rowBytes()) {
            long stride = columns <= window.stride() ? window.stride() : stride(columns);
            slab.close();
            slab = new Slab(rows * stride * Float.BYTES);
            window = new Window(slab.memory(), 0, stride);
            parts.clear();
        }
        return window;
    }

    /**
     * The room that was asked for last, from a column on. Whoever asks again gets the same window.
     *
     * @param column a multiple of {@value Pages#SMALLEST}
     */
    Window from(int column) {
        while (parts.size() <= column / PART) {
            parts.add(window.from(0, (long) parts.size() * PART));
        }
        return parts.get(column / PART);
    }

    /** A line more than a power of two: at a power of two, rows would fall upon each other in a cache. */
    private static long stride(int columns) {
        return LINE + 2L * Integer.highestOneBit(Math.max(LINE, columns - 1));
    }

    @Override
    public void close() {
        slab.close();
    }
}
