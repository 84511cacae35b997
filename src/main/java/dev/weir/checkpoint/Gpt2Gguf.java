package dev.weir.checkpoint;

import dev.weir.backend.WeightView;
import dev.weir.gguf.ElementType;
import dev.weir.gguf.GgufTensor;
import dev.weir.gguf.GgufValue;
import dev.weir.gguf.GgufWriter;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.program.Activation;
import dev.weir.program.ProgramWriter.Affine;
import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A model as one GGUF file that llama.cpp runs. Its matrices are [out, in], queries above keys above values; tables and matrices
 * have the type asked for, and positions, norms and biases are float32, as llama.cpp wants them. Source of the names: {@code
 * src/models/gpt2.cpp} and {@code conversion/gpt2.py} of llama.cpp.
 */
public final class Gpt2Gguf {

    private static final String ARCHITECTURE = "gpt2";

    /** How llama.cpp's enum {@code llama_ftype} says what most matrices are; it is shown, and decides nothing. */
    private static final Map<DType, Integer> FILE_TYPES =
            Map.of(DType.FLOAT32, 0, DType.FLOAT16, 1, DType.BFLOAT16, 32, DType.INT8, 7);

    private static final Map<DType, ElementType> STORED = Map.of(
            DType.FLOAT32, ElementType.F32,
            DType.FLOAT16, ElementType.F16,
            DType.BFLOAT16, ElementType.BF16,
            DType.INT8, ElementType.Q8_0);

    private static final ValueLayout.OfShort SCALE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Map<Tensor, WeightView> views;
    private final DType type;
    private final ElementType stored;
    private final Arena arena;
    private final List<GgufTensor> tensors = new ArrayList<>();

    private Gpt2Gguf(Map<Tensor, WeightView> views, DType type, Arena arena) {
        this.views = views;
        this.type = type;
        this.stored = Optional.ofNullable(STORED.get(type)).orElseThrow();
        this.arena = arena;
    }

    /**
     * Writes the file; all of it is in memory meanwhile.
     *
     * @param tokenizer the model's, if it goes along; without one the file takes and gives token ids only
     * @param type of tables and matrices: float32, float16, bfloat16 or int8, which is Q8_0
     * @throws IllegalArgumentException for a model that llama.cpp's GPT-2 does not compute
     * @throws IOException if it cannot be written
     */
    public static void write(ModelSource source, Optional<GgufTokenizer> tokenizer, DType type, Path target)
            throws IOException {
        requireWhatOthersCompute(source.config());
        requireWholeBlocks(source.config(), type);
        var metadata = metadata(source, type);
        metadata.putAll(
                tokenizer.map(t -> t.metadata(source.config().vocabulary())).orElseGet(GgufTokenizer::none));
        Weights weights = Weights.of(source.config(), type);
        try (Arena arena = Arena.ofShared()) {
            var file = new Gpt2Gguf(source.views(weights), type, arena);
            file.add(weights);
            GgufWriter.write(target, metadata, file.tensors);
        }
    }

    private static void requireWhatOthersCompute(ModelConfig config) {
        if (config.activation() != Activation.GELU_NEW || !config.scaleAttention() || config.scaleByInverseLayer()) {
            throw new IllegalArgumentException(
                    "model: expected gelu_new and attention scaled by the head's width alone, which is all that"
                            + " llama.cpp's GPT-2 computes, got another");
        }
    }

    private static void requireWholeBlocks(ModelConfig config, DType type) {
        if (type == DType.INT8
                && (config.width() % Int8Blocks.LENGTH != 0 || config.hidden() % Int8Blocks.LENGTH != 0)) {
            throw new IllegalArgumentException("int8: expected widths of whole blocks of " + Int8Blocks.LENGTH
                    + ", got " + config.width() + " and " + config.hidden());
        }
    }

    private static SequencedMap<String, GgufValue> metadata(ModelSource source, DType type) {
        ModelConfig c = source.config();
        var metadata = new LinkedHashMap<String, GgufValue>();
        metadata.put("general.architecture", GgufValue.of(ARCHITECTURE));
        metadata.put("general.name", GgufValue.of(source.name()));
        metadata.put(
                "general.file_type",
                GgufValue.count(Optional.ofNullable(FILE_TYPES.get(type)).orElseThrow()));
        metadata.put(ARCHITECTURE + ".block_count", GgufValue.count(c.layers()));
        metadata.put(ARCHITECTURE + ".context_length", GgufValue.count(c.context()));
        metadata.put(ARCHITECTURE + ".embedding_length", GgufValue.count(c.width()));
        metadata.put(ARCHITECTURE + ".feed_forward_length", GgufValue.count(c.hidden()));
        metadata.put(ARCHITECTURE + ".attention.head_count", GgufValue.count(c.heads()));
        metadata.put(ARCHITECTURE + ".attention.layer_norm_epsilon", GgufValue.of(c.epsilon()));
        metadata.put(ARCHITECTURE + ".vocab_size", GgufValue.count(c.vocabulary()));
        return metadata;
    }

    private void add(Weights w) {
        table("token_embd.weight", w.tokens(), type, stored);
        table("position_embd.weight", w.positions(), type.isModelFloat() ? type : DType.FLOAT32, ElementType.F32);
        for (int l = 0; l < w.blocks().size(); l++) {
            Weights.Block b = w.blocks().get(l);
            String block = "blk." + l + ".";
            norm(block + "attn_norm", b.norm1());
            linear(block + "attn_qkv", b.query(), b.key(), b.value());
            linear(block + "attn_output", b.attentionOut());
            norm(block + "ffn_norm", b.norm2());
            linear(block + "ffn_up", b.mlpIn());
            linear(block + "ffn_down", b.mlpOut());
        }
        norm("output_norm", w.finalNorm());
        if (!view(w.unembedding()).equals(view(w.tokens()).transposed())) {
            matrix("output.weight", List.of(w.unembedding()));
        }
    }

    private void norm(String name, Affine norm) {
        vector(name + ".weight", norm.weight());
        vector(name + ".bias", norm.bias());
    }

    private void linear(String name, Affine... above) {
        matrix(name + ".weight", Stream.of(above).map(Affine::weight).toList());
        vector(name + ".bias", Stream.of(above).map(Affine::bias).toArray(Tensor[]::new));
    }

    /** A tensor as it is: a lookup takes one of its rows. */
    private void table(String name, Tensor tensor, DType kept, ElementType stored) {
        var shape = List.of((long) tensor.rows(), (long) tensor.columns());
        add(name, shape, stored, List.of(new Part(view(tensor), tensor.rows(), tensor.columns(), kept)));
    }

    /** Matrices [in, out] with one input, transposed, one above the other. */
    private void matrix(String name, List<Tensor> above) {
        long outputs = above.stream().mapToLong(Tensor::columns).sum();
        var parts = above.stream().map(this::transposed).toList();
        add(name, List.of(outputs, (long) above.getFirst().rows()), stored, parts);
    }

    private Part transposed(Tensor matrix) {
        int outputs = matrix.columns();
        int inputs = matrix.rows();
        return new Part(view(matrix).transposed(), outputs, inputs, type);
    }

    /** Vectors one after the other. */
    private void vector(String name, Tensor... beside) {
        var parts = Stream.of(beside)
                .map(v -> new Part(view(v), 1, v.columns(), DType.FLOAT32))
                .toList();
        long length = Stream.of(beside).mapToLong(Tensor::columns).sum();
        add(name, List.of(length), ElementType.F32, parts);
    }

    private WeightView view(Tensor tensor) {
        return Optional.ofNullable(views.get(tensor)).orElseThrow();
    }

    private void add(String name, List<Long> shape, ElementType stored, List<Part> parts) {
        long elements = parts.stream().mapToLong(Part::elements).sum();
        MemorySegment data = arena.allocate(elements / stored.blockElements() * stored.blockBytes(), Long.BYTES);
        long begin = 0;
        for (Part part : parts) {
            part.write(data, begin, stored);
            begin += part.elements() / stored.blockElements() * stored.blockBytes();
        }
        tensors.add(new GgufTensor(name, stored, shape, data));
    }

    /**
     * Rows of a tensor of the file.
     *
     * @param kept how Weir keeps them, which rounds them
     */
    private record Part(WeightView view, int rows, int columns, DType kept) {

        long elements() {
            return (long) rows * columns;
        }

        /** Writes all of them, row after row, from a byte on. */
        void write(MemorySegment data, long begin, ElementType stored) {
            long rowBytes = (long) columns / stored.blockElements() * stored.blockBytes();
            IntStream.range(0, rows).parallel().forEach(row -> {
                float[] values = new float[columns];
                view.row(row, 0, columns, values);
                MemorySegment to = data.asSlice(begin + row * rowBytes, rowBytes);
                if (stored == ElementType.Q8_0) {
                    quantize(values, to);
                } else {
                    round(values, to, stored.dtype());
                }
            });
        }

        private void round(float[] values, MemorySegment to, DType stored) {
            for (int i = 0; i < columns; i++) {
                long at = (long) i * stored.bytes();
                kept.write(to, at, values[i]);
                stored.write(to, at, kept.read(to, at));
            }
        }

        private void quantize(float[] values, MemorySegment to) {
            byte[] block = new byte[Int8Blocks.LENGTH];
            long at = 0;
            for (int from = 0; from < columns; from += Int8Blocks.LENGTH) {
                to.set(SCALE, at, Int8Blocks.quantize(values, from, block, 0));
                MemorySegment.copy(block, 0, to, ValueLayout.JAVA_BYTE, at + Short.BYTES, block.length);
                at += ElementType.Q8_0.blockBytes();
            }
        }
    }
}
