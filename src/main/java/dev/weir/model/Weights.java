package dev.weir.model;

import dev.weir.program.ProgramWriter.Affine;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every learned matrix, by TransformerLens' names. Which bytes they are, and on which device, is not said here. A matrix that rows
 * are multiplied with is [in, out]; a tied head is a tensor of its own that happens to be bound to the embedding's bytes.
 *
 * @param tokens W_E [V, D]
 * @param positions W_pos [context, D]
 * @param unembedding W_U [D, V]
 */
public record Weights(Tensor tokens, Tensor positions, List<Block> blocks, Affine finalNorm, Tensor unembedding) {

    public Weights {
        blocks = List.copyOf(blocks);
    }

    /** One block. */
    public record Block(
            Affine norm1,
            Affine query,
            Affine key,
            Affine value,
            Affine attentionOut,
            Affine norm2,
            Affine mlpIn,
            Affine mlpOut) {

        Stream<Affine> affines() {
            return Stream.of(norm1, query, key, value, attentionOut, norm2, mlpIn, mlpOut);
        }
    }

    /**
     * The weights of a model.
     *
     * @param type how the machine is to keep matrices and tables; norms and biases are always float32, and so are positions where it
     *     is int8
     */
    public static Weights of(ModelConfig c, DType type) {
        var namer = new Namer(type);
        Tensor tokens = namer.matrix("embed.W_E", c.vocabulary(), c.width());
        Tensor positions = namer.positions("pos_embed.W_pos", c.context(), c.width());
        var blocks = new ArrayList<Block>();
        for (int l = 0; l < c.layers(); l++) {
            String block = "blocks." + l + ".";
            blocks.add(new Block(
                    namer.norm(block + "ln1.", c.width()),
                    namer.affine(block + "attn.", "Q", c.width(), c.width()),
                    namer.affine(block + "attn.", "K", c.width(), c.width()),
                    namer.affine(block + "attn.", "V", c.width(), c.width()),
                    namer.affine(block + "attn.", "O", c.width(), c.width()),
                    namer.norm(block + "ln2.", c.width()),
                    namer.affine(block + "mlp.", "in", c.width(), c.hidden()),
                    namer.affine(block + "mlp.", "out", c.hidden(), c.width())));
        }
        return new Weights(
                tokens,
                positions,
                blocks,
                namer.norm("ln_final.", c.width()),
                namer.matrix("unembed.W_U", c.width(), c.vocabulary()));
    }

    /** All of them, in the order in which a forward pass reads them. */
    public List<Tensor> all() {
        return Stream.of(
                        Stream.of(tokens, positions),
                        Stream.concat(blocks.stream().flatMap(Block::affines), Stream.of(finalNorm))
                                .flatMap(a -> Stream.of(a.weight(), a.bias())),
                        Stream.of(unembedding))
                .flatMap(s -> s)
                .toList();
    }

    private static final class Namer {
        private final DType type;
        private int nextId; // weights are numbered from 0, state and values above

        Namer(DType type) {
            this.type = type;
        }

        Tensor matrix(String name, int rows, int columns) {
            return new Tensor(nextId++, name, type, rows, columns, Tensor.Role.WEIGHT);
        }

        /** A small table that nothing is multiplied with. */
        Tensor positions(String name, int rows, int columns) {
            DType kept = type == DType.INT8 ? DType.FLOAT32 : type;
            return new Tensor(nextId++, name, kept, rows, columns, Tensor.Role.WEIGHT);
        }

        Tensor vector(String name, int columns) {
            return new Tensor(nextId++, name, DType.FLOAT32, 1, columns, Tensor.Role.WEIGHT);
        }

        Affine norm(String prefix, int width) {
            return new Affine(vector(prefix + "w", width), vector(prefix + "b", width));
        }

        Affine affine(String prefix, String suffix, int rows, int columns) {
            return new Affine(matrix(prefix + "W_" + suffix, rows, columns), vector(prefix + "b_" + suffix, columns));
        }
    }
}
