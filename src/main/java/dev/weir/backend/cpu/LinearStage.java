package dev.weir.backend.cpu;

import dev.weir.program.Activation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Multiplies rows with one matrix or with several, each followed by its bias and by a function. The panels of all matrices are
 * numbered through and cut into chunks, the rows into blocks that stay in the cache while a chunk streams by; a chunk and a block
 * are an item of work.
 */
final class LinearStage implements Stage, Workers.Body {

    /** One matrix. */
    record Product(
            Panels weight,
            @Nullable Window bias,
            Window out,
            @Nullable Then then) {}

    /** What follows a product, and where its results go. */
    record Then(Activation function, Window out) {}

    /** Rows of a block: of a depth of 768 they fill half of a second-level cache. */
    private static final int BLOCK_ROWS = 96;

    /** Panels that a product with one row reads at a time. */
    private static final int STREAMS = 4;

    private static final int MAX_CHUNK = 24;
    private static final int ITEMS_PER_THREAD = 4;

    private final Workers workers;
    private final Window x;
    private final int rows;
    private final Product[] products;
    private final Workers.Body filling = this::fill;
    private final int depth;
    private final int panels;
    private final int blockTiles;
    private final int blocks;
    private final int chunk;
    private final double fillNanos;
    private final double itemNanos;

    LinearStage(Workers workers, Window x, int rows, List<Product> products) {
        this.workers = workers;
        this.x = x;
        this.rows = rows;
        this.products = products.toArray(Product[]::new);
        depth = products.getFirst().weight().depth();
        panels = products.stream().mapToInt(p -> p.weight().count()).sum();
        int tiles = Math.ceilDiv(rows, workers.tileRows());
        blockTiles = Math.max(1, BLOCK_ROWS / workers.tileRows());
        blocks = Math.ceilDiv(tiles, blockTiles);
        int wanted = Math.ceilDiv(panels * blocks, ITEMS_PER_THREAD * workers.threads());
        chunk = Math.clamp(wanted, 1, blocks == 1 ? STREAMS : MAX_CHUNK);
        fillNanos = Costs.copy((double) workers.tileRows() * depth);
        itemNanos = Costs.multiply(products.getFirst().weight(), Math.min(rows, BLOCK_ROWS), chunk);
    }

    @Override
    public void run() {
        RowTiles tiles = workers.rowTiles(rows, depth);
        workers.run(tiles.count(), fillNanos, filling);
        workers.run(Math.ceilDiv(panels, chunk) * blocks, itemNanos, this);
    }

    private void fill(Worker worker, int from, int to) {
        workers.rowTiles().fill(x, 0, 0, from, to, worker.row(depth));
    }

    @Override
    public void run(Worker worker, int from, int to) {
        if (blocks == 1) {
            multiply(worker.kernels(), 0, from * chunk, to * chunk);
        } else {
            for (int item = from; item < to; item++) {
                int first = item / blocks * chunk;
                multiply(worker.kernels(), item % blocks, first, first + chunk);
            }
        }
    }

    private void multiply(Kernels kernels, int block, int fromPanel, int toPanel) {
        int first = 0;
        for (Product product : products) {
            int end = first + product.weight().count();
            if (fromPanel < end && toPanel > first) {
                multiply(kernels, block, product, Math.max(fromPanel, first) - first, Math.min(toPanel, end) - first);
            }
            first = end;
        }
    }

    private void multiply(Kernels kernels, int block, Product product, int fromPanel, int toPanel) {
        RowTiles tiles = workers.rowTiles();
        Panels weight = product.weight();
        Window out = product.out();
        int fromTile = block * blockTiles;
        int toTile = Math.min(tiles.count(), fromTile + blockTiles);
        int fromRow = fromTile * tiles.tileRows();
        int toRow = Math.min(rows, toTile * tiles.tileRows());
        int fromColumn = fromPanel * weight.width();
        int toColumn = Math.min(weight.columns(), toPanel * weight.width());
        kernels.multiply(tiles, fromTile, toTile, weight, fromColumn, toColumn, out, 0, false);
        if (product.bias() != null) {
            kernels.addBias(out, fromRow, toRow, fromColumn, toColumn, product.bias());
        }
        if (product.then() != null) {
            Then then = product.then();
            kernels.activate(then.function(), out, fromRow, toRow, fromColumn, toColumn, then.out());
        }
    }
}
