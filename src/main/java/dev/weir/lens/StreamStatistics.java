package dev.weir.lens;

import java.util.List;

/**
 * How the stream of a sequence moves.
 *
 * @param positions of the tokens, ascending
 * @param blocks one for each layer
 */
public record StreamStatistics(List<Integer> positions, List<Block> blocks) {

    public StreamStatistics {
        positions = List.copyOf(positions);
        blocks = List.copyOf(blocks);
    }

    /**
     * What one block does to the stream, at each position.
     *
     * @param norm Euclidean, of the stream that enters
     * @param attention norm of what attention adds
     * @param mlp norm of what the MLP adds
     * @param added norm of both together
     * @param cosine between the stream that enters and the one that leaves: 1 for the identity
     * @param leaving norm of the stream that leaves
     */
    public record Block(
            double[] norm, double[] attention, double[] mlp, double[] added, double[] cosine, double[] leaving) {

        /** How far a block is from the identity at a position, ||added|| / ||stream that enters||: 0 for the identity. */
        public double change(int index) {
            return added[index] / norm[index];
        }
    }
}
