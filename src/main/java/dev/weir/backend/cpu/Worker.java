package dev.weir.backend.cpu;

import java.util.Optional;

/** One thread's own: its arithmetic, and memory for what it works on. */
final class Worker implements AutoCloseable {

    private final Kernels kernels;
    private final Kernels early;
    private final WarmUp warmUp;
    private final Optional<MatrixLibrary.Multiplier> multiplier;
    private Slab slab = new Slab(Slab.ALIGNMENT);
    private float[] tileData = new float[0];
    private float[] row = new float[0];
    private final Shares shares = new Shares();

    /** A worker that does its first work with others than its kernels, until these are fast. */
    Worker(Kernels kernels, WarmUp warmUp, Optional<MatrixLibrary.Multiplier> multiplier) {
        this.kernels = kernels;
        this.early = new EarlyKernels(kernels.panelWidth(), kernels.tileRows());
        this.warmUp = warmUp;
        this.multiplier = multiplier;
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

    /** Room for rows of float32 values; its content lasts until the next. */
    Window rows(int rows, int columns) {
        long rowBytes = Slab.aligned((long) columns * Float.BYTES);
        if (slab.memory().byteSize() < rows * rowBytes) {
            slab.close();
            slab = new Slab(rows * rowBytes);
        }
        return new Window(slab.memory(), 0, rowBytes / Float.BYTES);
    }

    /** These rows, ready to be multiplied; the room for them lasts until the next. */
    RowTiles rowTiles(Window x, int rows, int depth) {
        int size = Math.multiplyExact(rows, depth);
        if (tileData.length < size) {
            tileData = new float[size];
        }
        var tiles = new RowTiles(tileData, rows, depth, kernels.tileRows());
        fill(tiles, x, 0, tiles.count());
        return tiles;
    }

    /** Brings rows to some tiles. */
    void fill(RowTiles tiles, Window x, int fromTile, int toTile) {
        if (row.length < tiles.depth()) {
            row = new float[tiles.depth()];
        }
        tiles.fill(x, fromTile, toTile, row);
    }

    @Override
    public void close() {
        slab.close();
        multiplier.ifPresent(MatrixLibrary.Multiplier::close);
    }
}
