package dev.weir.checkpoint;

import dev.weir.backend.WeightView;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.program.ProgramWriter.Affine;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Which tensors a GPT-2 checkpoint of Hugging Face has, and which weights of ours lie in each. Its matrices are those of
 * {@code Conv1D}, [in, out], but for the head, which is a {@code Linear}, [out, in]; queries, keys and values are one matrix.
 */
final class Gpt2Layout {

    /** One tensor of the file and the weights that are views of it. */
    record FileTensor(String name, List<Long> shape, List<Part> parts) {}

    /** A weight within a tensor of the file, in elements; see {@link WeightView}. */
    record Part(Tensor weight, long offset, long rowStride, long columnStride) {}

    private final String prefix;
    private final List<FileTensor> tensors = new ArrayList<>();

    private Gpt2Layout(String prefix) {
        this.prefix = prefix;
    }

    /**
     * All tensors.
     *
     * @throws IllegalArgumentException if the weights are those of a model of another depth
     * @param prefix before every name but the head's: {@code transformer.} or nothing
     */
    static List<FileTensor> of(ModelConfig c, Weights w, boolean tiedHead, String prefix) {
        if (w.blocks().size() != c.layers()) {
            throw new IllegalArgumentException("weights: expected those of this model, with " + c.layers()
                    + " blocks, got " + w.blocks().size());
        }
        var layout = new Gpt2Layout(prefix);
        layout.embeddings(w, tiedHead);
        for (int l = 0; l < c.layers(); l++) {
            Weights.Block b = w.blocks().get(l);
            String block = "h." + l + ".";
            layout.norm(block + "ln_1", b.norm1());
            layout.linear(block + "attn.c_attn", b.query(), b.key(), b.value());
            layout.linear(block + "attn.c_proj", b.attentionOut());
            layout.norm(block + "ln_2", b.norm2());
            layout.linear(block + "mlp.c_fc", b.mlpIn());
            layout.linear(block + "mlp.c_proj", b.mlpOut());
        }
        layout.norm("ln_f", w.finalNorm());
        return layout.tensors;
    }

    private void embeddings(Weights w, boolean tiedHead) {
        Tensor tokens = w.tokens();
        Part table = new Part(tokens, 0, tokens.columns(), 1);
        Part head = new Part(w.unembedding(), 0, 1, w.unembedding().rows());
        var shape = List.of((long) tokens.rows(), (long) tokens.columns());
        tensors.add(new FileTensor(prefix + "wte.weight", shape, tiedHead ? List.of(table, head) : List.of(table)));
        matrix("wpe.weight", List.of(w.positions()));
        if (!tiedHead) {
            tensors.add(new FileTensor("lm_head.weight", shape, List.of(head)));
        }
    }

    private void norm(String name, Affine norm) {
        vector(name + ".weight", List.of(norm.weight()));
        vector(name + ".bias", List.of(norm.bias()));
    }

    private void linear(String name, Affine... beside) {
        matrix(name + ".weight", Arrays.stream(beside).map(Affine::weight).toList());
        vector(name + ".bias", Arrays.stream(beside).map(Affine::bias).toList());
    }

    private void matrix(String name, List<Tensor> beside) {
        long columns = columns(beside);
        tensors.add(new FileTensor(
                prefix + name, List.of((long) beside.getFirst().rows(), columns), parts(beside, columns)));
    }

    private void vector(String name, List<Tensor> beside) {
        long columns = columns(beside);
        tensors.add(new FileTensor(prefix + name, List.of(columns), parts(beside, columns)));
    }

    private static long columns(List<Tensor> beside) {
        return beside.stream().mapToLong(Tensor::columns).sum();
    }

    private static List<Part> parts(List<Tensor> beside, long columns) {
        var parts = new ArrayList<Part>();
        long offset = 0;
        for (Tensor weight : beside) {
            parts.add(new Part(weight, offset, columns, 1));
            offset += weight.columns();
        }
        return parts;
    }

    /**
     * The weights as views of the data.
     *
     * @param entries of each file tensor by its name, in the shape that the layout gives it
     * @throws IllegalArgumentException where a shape is another
     */
    static Map<Tensor, WeightView> bind(List<FileTensor> layout, Function<String, SafetensorsFile.Entry> entries) {
        var views = new HashMap<Tensor, WeightView>();
        for (FileTensor tensor : layout) {
            SafetensorsFile.Entry entry = entries.apply(tensor.name);
            if (!entry.shape().equals(tensor.shape)) {
                throw new IllegalArgumentException("weights: expected those of this model, whose " + tensor.name
                        + " is " + entry.shape() + ", got " + tensor.shape);
            }
            for (Part part : tensor.parts) {
                views.put(
                        part.weight,
                        new WeightView(entry.data(), entry.dtype(), part.offset, part.rowStride, part.columnStride));
            }
        }
        return Map.copyOf(views);
    }
}
