package dev.weir.backend.cuda;

import dev.weir.tensor.DType;

/**
 * Which kernel computes an op: decided here, once, when a plan is bound, and never by what the values are. In exact mode every choice
 * gives the bits of the CPU; the fast ones agree with it within the bounds of {@code docs/numerics.md}.
 *
 * @param exact whether every op is to have one order of operations
 * @param cublas whether cuBLAS is there
 * @param multiprocessors of the GPU
 */
record Algorithms(boolean exact, boolean cublas, int multiprocessors) {

    /** A row of the grid does not pay for a tile's shared memory until there are a few. */
    static final int FEW_ROWS = 8;

    /** From here on a library's choice among hundreds of kernels beats our one. */
    private static final int CUBLAS_ROWS = 64;

    /** What the registers of the prefill kernel have room for. */
    private static final int PREFILL_HEAD_WIDTH = 128;

    /** What the registers of the decode kernel have room for. */
    private static final int DECODE_HEAD_WIDTH = 512;

    /** A part of the context that is worth a block of its own, in keys. */
    private static final int SPLIT_KEYS = 128;

    private static final int MAX_SPLITS = 64;

    /** How rows are multiplied with a matrix. */
    enum Product {
        /** One chain of fused multiply-adds an output, weights read once. */
        CHAIN,
        /** The same chains, tiled in registers. */
        TILE,
        /** A fixed tree an output, weights read once at the speed of memory. */
        GEMV,
        /** Tensor cores. */
        MMA,
        /** The library. */
        CUBLAS
    }

    Product product(int rows, DType type) {
        if (exact) {
            return rows <= FEW_ROWS ? Product.CHAIN : Product.TILE;
        }
        if (rows <= FEW_ROWS) {
            return Product.GEMV;
        }
        if (cublas && rows >= CUBLAS_ROWS) {
            return Product.CUBLAS;
        }
        return type == DType.FLOAT32 ? Product.TILE : Product.MMA;
    }

    /** The same for logits: in one order of operations, however many rows there are, because looking at them makes more. */
    Product logits(int rows) {
        return exact ? product(rows, DType.FLOAT32) : Product.GEMV;
    }

    /** How queries attend to a cache. */
    enum Attending {
        /** The order of the CPU; also what shows scores and patterns. */
        EXACT,
        /** A block a head and row, or several that split its keys. */
        DECODE,
        /** Tiles of rows over tiles of keys. */
        PREFILL
    }

    /**
     * How to attend.
     *
     * @param slots that the cache has: with at least as many as rows, every row may be of another, as in a batch that decodes
     */
    Attending attention(int rows, int slots, int headWidth) {
        if (exact || headWidth > DECODE_HEAD_WIDTH) {
            return Attending.EXACT;
        }
        boolean perRow = rows <= Math.max(FEW_ROWS, slots) || headWidth > PREFILL_HEAD_WIDTH;
        return perRow ? Attending.DECODE : Attending.PREFILL;
    }

    /** Among how many blocks the keys of a head and row are split: enough to fill the GPU twice, none with too little to do. */
    int splits(int rows, int heads, int context) {
        int wanted = Math.ceilDiv(2 * multiprocessors, rows * heads);
        int useful = Math.ceilDiv(context, SPLIT_KEYS);
        return Math.clamp(wanted, 1, Math.min(useful, MAX_SPLITS));
    }
}
