package dev.weir.backend.cpu;

import java.util.Optional;

/** One thread's own: its arithmetic, and memory for what it works on. */
final class Worker implements AutoCloseable {

    private final Kernels kernels;
    private final Kernels early;
    private final WarmUp warmUp;
    private final Optional<MatrixLibrary.Multiplier> multiplier;
    private final Room weights = new Room();
    private final Room logits = new Room();
    private final RowTiles tiles;
    private float[] row = new float[0];
    private final Shares shares = new Shares();

    /** A worker that does its first work with others than its kernels, until these are fast. */
    Worker(Kernels kernels, WarmUp warmUp, Optional<MatrixLibrary.Multiplier> multiplier) {
        this.kernels = kernels;
        this.early = new EarlyKernels(kernels.panelWidth(), kernels.tileRows());
        this.warmUp = warmUp;
        this.multiplier = multiplier;
        this.tiles = new RowTiles(kernels.tileRows());
    }

    Kernels kernels() {
        return warmUp.isOver() ? kernels : early;
    }

    /** The products of the library that the machine was given. */
    MatrixLibrary.Multiplier multiplier() {
        return multiplier.orElseThrow();
    }

    /** What tokens are drawn from; its content lasts until the next draw. */
    Shares shares() {
        return shares;
    }

    /** Room for what attention makes of the keys that some rows see. */
    Window weights(int rows, int keys) {
        return weights.of(rows, keys);
    }

    /** The same room, from a key on with which a page begins. */
    Window weightsFrom(int key) {
        return weights.from(key);
    }

    /** Room for logits that are to change. */
    Window logits(int vocabulary) {
        return logits.of(1, vocabulary);
    }

    /** Room for a row on the heap; its content lasts until the next. */
    float[] row(int columns) {
        if (row.length < columns) {
            row = new float[columns];
        }
        return row;
    }

    /**
     * Some rows, ready to be multiplied; the room for them lasts until the next.
     *
     * @param x of which they are the rows from {@code fromRow} and the columns from {@code fromColumn} on
     */
    RowTiles rowTiles(Window x, int fromRow, int fromColumn, int rows, int depth) {
        tiles.begin(rows, depth);
        tiles.fill(x, fromRow, fromColumn, 0, tiles.count(), row(depth));
        return tiles;
    }

    @Override
    public void close() {
        weights.close();
        logits.close();
        multiplier.ifPresent(MatrixLibrary.Multiplier::close);
    }
}
