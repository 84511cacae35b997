package dev.weir.backend.cuda;

import dev.weir.program.Op;
import java.util.List;
import java.util.Optional;

/** What the GPU does in one go of the ops of a stretch. */
sealed interface Piece {

    /** An op that is done as it stands in the plan. */
    record Single(Op op) implements Piece {}

    /** Attention that leaves what its splits have come to for the product behind it. */
    record SplitAttention(Op.Attention op) implements Piece {}

    /**
     * A product of few rows with what stands before and behind it, in one launch. What passes between these ops and nobody else wants
     * is not written.
     *
     * @param norm that makes the rows
     * @param attention whose splits come to the rows
     * @param linears of the same rows, of one shape
     * @param activate of the only product
     * @param add of the only product to something else
     * @param appends of products to the cache
     */
    record Product(
            Optional<Op.LayerNorm> norm,
            Optional<Op.Attention> attention,
            List<Op.Linear> linears,
            Optional<Op.Activate> activate,
            Optional<Op.Add> add,
            List<Op.Append> appends)
            implements Piece {

        public Product {
            linears = List.copyOf(linears);
            appends = List.copyOf(appends);
        }

        /** Any of its products: they differ in their matrices only. */
        Op.Linear first() {
            return linears.getFirst();
        }

        /** Whether the rows that are multiplied are made in this launch. */
        boolean makesRows() {
            return norm.isPresent() || attention.isPresent();
        }

        /** The product as the plan names it. */
        Op named() {
            return linears.size() == 1 ? first() : new Op.LinearGroup(linears);
        }
    }
}
