package dev.weir.bench;

import dev.weir.model.ModelConfig;
import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;

/**
 * The least that a step must read and compute, from the shapes alone.
 *
 * @param bytes weights and cached keys and values, each read once
 * @param operations multiplications and additions of matrix products and attention
 */
public record Cost(double bytes, double operations) {

    /** One row of each of so many sequences, all at this position, with their logits. */
    public static Cost ofDecode(ModelConfig c, DType dtype, int position, int sequences) {
        double cached = 2.0 * c.layers() * (position + 1) * c.width() * sequences;
        double weights = blockWeights(c) + headWeights(c);
        return new Cost(bytes(weights, dtype) + cached * Float.BYTES, 2 * (weights * sequences + cached));
    }

    /** So many rows from position 0, with the logits of the last one. */
    public static Cost ofPrefill(ModelConfig c, DType dtype, int rows) {
        double pairs = 2.0 * c.layers() * c.width() * rows * (rows + 1) / 2;
        return new Cost(
                bytes(blockWeights(c) + headWeights(c), dtype), 2 * (blockWeights(c) * rows + headWeights(c) + pairs));
    }

    /** Of int8, a float16 scale for every block is the least. */
    private static double bytes(double weights, DType dtype) {
        return dtype == DType.INT8
                ? weights * Int8Blocks.bytes(Int8Blocks.LENGTH) / Int8Blocks.LENGTH
                : weights * dtype.bytes();
    }

    private static double blockWeights(ModelConfig c) {
        return c.layers() * (4.0 * c.width() * c.width() + 2.0 * c.width() * c.hidden());
    }

    private static double headWeights(ModelConfig c) {
        return (double) c.width() * c.vocabulary();
    }
}
