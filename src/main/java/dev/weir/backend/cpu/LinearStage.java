package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import dev.weir.program.Activation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Multiplies rows with one matrix or with several, each followed by its bias and by a function. The panels of all matrices are
 * numbered through and cut into chunks, the rows into blocks that stay in the cache while a chunk streams by; a chunk and a block
 * are an item of work.
 */
final class LinearStage implements Stage {

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
    private final List<Product> products;
    private final int depth;
    private final int panels;
    private final int blockTiles;
    private final int blocks;
    private final int chunk;

    LinearStage(Workers workers, Window x, int rows, List<Product> products) {
        this.workers = workers;
        this.x = x;
        this.rows = rows;
        this.products = List.copyOf(products);
        depth = products.getFirst().weight().depth();
        panels = products.stream().mapToInt(p -> p.weight().count()).sum();
        int tiles = Math.ceilDiv(rows, workers.tileRows());
        blockTiles = Math.max(1, BLOCK_ROWS / workers.tileRows());
        blocks = Math.ceilDiv(tiles, blockTiles);
        int wanted = Math.ceilDiv(panels * blocks, ITEMS_PER_THREAD * workers.threads());
        chunk = Math.clamp(wanted, 1, blocks == 1 ? STREAMS : MAX_CHUNK);
    }

    @Override
    public void run(Rows step) {
        RowTiles tiles = workers.rowTiles(rows, depth);
        workers.run(
                tiles.count(),
                Costs.copy((double) workers.tileRows() * depth),
                (worker, from, to) -> worker.fill(tiles, x, from, to));
        Panels weight = products.getFirst().weight();
        double itemNanos = Costs.multiply(weight, Math.min(rows, BLOCK_ROWS), chunk);
        workers.run(Math.ceilDiv(panels, chunk) * blocks, itemNanos, (worker, from, to) -> {
            if (blocks == 1) {
                multiply(worker.kernels(), tiles, 0, from * chunk, to * chunk);
            } else {
                for (int item = from; item < to; item++) {
                    int first = item / blocks * chunk;
                    multiply(worker.kernels(), tiles, item % blocks, first, first + chunk);
                }
            }
        });
    }

    private void multiply(Kernels kernels, RowTiles tiles, int block, int fromPanel, int toPanel) {
        int first = 0;
        for (Product product : products) {
            int end = first + product.weight().count();
            if (fromPanel < end && toPanel > first) {
                multiply(
                        kernels,
                        tiles,
                        block,
                        product,
                        Math.max(fromPanel, first) - first,
                        Math.min(toPanel, end) - first);
            }
            first = end;
        }
    }

    private void multiply(Kernels kernels, RowTiles tiles, int block, Product product, int fromPanel, int toPanel) {
        int fromTile = block * blockTiles;
        int toTile = Math.min(tiles.count(), fromTile + blockTiles);
        int fromRow = fromTile * tiles.tileRows();
        int blockRows = Math.min(rows, toTile * tiles.tileRows()) - fromRow;
        Panels part = product.weight().panels(fromPanel, toPanel);
        int column = fromPanel * part.width();
        Window out = product.out().from(0, column);
        kernels.multiply(tiles, fromTile, toTile, part, out, false);
        Window done = out.from(fromRow, 0);
        if (product.bias() != null) {
            kernels.addBias(done, blockRows, part.columns(), product.bias().from(0, column));
        }
        if (product.then() != null) {
            Then then = product.then();
            kernels.activate(
                    then.function(), done, blockRows, part.columns(), then.out().from(fromRow, column));
        }
    }
}
