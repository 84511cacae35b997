package dev.weir.bench;

import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Activation;
import dev.weir.program.Op;
import dev.weir.program.ProgramWriter;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An op at a shape of GPT-2 124M. The same list is tested ({@link OpCaseTest}), timed ({@code bench/run}) and shown ({@code
 * bench/README.md}).
 */
public enum OpCase {
    QKV("queries, keys and values of a block", 768, 2304),
    ATTENTION_OUT("what a block's heads have mixed, back to the stream", 768, 768),
    MLP_IN_GELU("the first half of an MLP, with its activation", 768, 3072),
    MLP_OUT("the second half, the longest reduction", 3072, 768),
    UNEMBED("the logits", 768, 50257),
    ADD_LAYER_NORM("an addition to the stream and the norm behind it", 768, 64),
    ATTENTION("12 heads over a cache of 1,024 positions", 768, 64);

    /** Numbers of rows that are timed: a token, a batch, a prompt. */
    public static final List<Integer> ROWS = List.of(1, 16, 512);

    static final int CONTEXT = 1024;
    private static final int HEADS = 12;
    private static final int VOCABULARY = 64;

    private final String meaning;
    private final int inputs;
    private final int outputs;

    OpCase(String meaning, int inputs, int outputs) {
        this.meaning = meaning;
        this.inputs = inputs;
        this.outputs = outputs;
    }

    /** Columns of what goes in. */
    public int inputs() {
        return inputs;
    }

    /** Columns of what comes out, if it is a product. */
    public int outputs() {
        return outputs;
    }

    /** Whether it is one matrix product, and next to nothing else. */
    public boolean isProduct() {
        return this != ADD_LAYER_NORM && this != ATTENTION;
    }

    /** A model that has the weights: its first MLP matrix is the product. Its embeddings are what goes in. */
    ModelConfig config() {
        return new ModelConfig(VOCABULARY, CONTEXT, inputs, 1, HEADS, outputs, Activation.GELU_NEW, 1e-5f, true, false);
    }

    /** Writes the op behind a lookup of its input rows. */
    Tensor write(ProgramWriter p, Weights w, State s) {
        Weights.Block block = w.blocks().getFirst();
        Tensor x = p.embed(w.tokens(), s.inputs().tokens());
        return switch (this) {
            case QKV, ATTENTION_OUT, MLP_OUT, UNEMBED -> p.linear(x, block.mlpIn());
            case MLP_IN_GELU -> p.activate(p.linear(x, block.mlpIn()), Activation.GELU_NEW);
            case ADD_LAYER_NORM ->
                p.layerNorm(p.add(x, x), block.norm1(), 1e-5f).out();
            case ATTENTION -> {
                var cache = s.caches().getFirst();
                Tensor keys = p.append(cache.keys(), x, s.pages(), Op.CacheKind.KEYS);
                Tensor values = p.append(cache.values(), x, s.pages(), Op.CacheKind.VALUES);
                yield p.attention(x, keys, values, s.pages(), HEADS, s.shownKeys(), 0.125f)
                        .z();
            }
        };
    }

    /** The list as a table of Markdown. */
    static String table() {
        return Arrays.stream(values())
                .map(op -> "| `%s` | %s | %s |".formatted(op, op.meaning, op.shape()))
                .collect(Collectors.joining("\n", "| op | what it is | shape |\n|---|---|---|\n", "\n"));
    }

    private String shape() {
        return isProduct()
                ? "[rows, %d] x [%d, %d]".formatted(inputs, inputs, outputs)
                : "[rows, %d]".formatted(inputs);
    }
}
