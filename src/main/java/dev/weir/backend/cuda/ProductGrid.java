package dev.weir.backend.cuda;

import dev.weir.backend.cuda.Algorithms.Product;

/**
 * The grid of a product, as the heads of the linear kernels' files state it.
 *
 * @param family of the kernels, one a type of weights
 * @param blocks tiles of columns, tiles of rows, matrices
 */
record ProductGrid(String family, int... blocks) {

    static ProductGrid of(Product product, int rows, int columns, int parts, int multiprocessors) {
        return switch (product) {
            case CHAIN -> tiles("LINEAR_CHAIN", 8, rows, columns, parts);
            case GEMV -> few("LINEAR_GEMV", rows, columns, parts, multiprocessors);
            case TILE -> largeOrSmall("LINEAR_TILE", rows, columns, parts, multiprocessors);
            case MMA -> largeOrSmall("LINEAR_MMA", rows, columns, parts, multiprocessors);
            case CUBLAS -> throw new IllegalArgumentException("product: expected a kernel of ours, got cuBLAS");
        };
    }

    /** As many blocks as run at once, three a multiprocessor: what they make of x before their first columns serves all their columns. */
    private static ProductGrid few(String family, int rows, int columns, int parts, int multiprocessors) {
        ProductGrid all = tiles(family, 8, rows, columns, parts);
        int most = Math.ceilDiv(3 * multiprocessors, parts);
        return new ProductGrid(family, Math.min(all.blocks[0], most), all.blocks[1], parts);
    }

    /** Small tiles where large ones would leave multiprocessors without two each; both give the same bits. */
    private static ProductGrid largeOrSmall(String family, int rows, int columns, int parts, int multiprocessors) {
        ProductGrid large = tiles(family, 128, rows, columns, parts);
        long blocks = (long) large.blocks[0] * large.blocks[1] * large.blocks[2];
        return blocks >= 2L * multiprocessors ? large : tiles(family + "_SMALL", 64, rows, columns, parts);
    }

    /** A block for each tile. */
    static ProductGrid tiles(String family, int tile, int rows, int columns, int parts) {
        return new ProductGrid(family, Math.ceilDiv(columns, tile), Math.ceilDiv(rows, tile), parts);
    }
}
