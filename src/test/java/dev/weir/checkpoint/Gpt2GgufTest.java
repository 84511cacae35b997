package dev.weir.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.WeightView;
import dev.weir.gguf.ElementType;
import dev.weir.gguf.GgufFile;
import dev.weir.gguf.GgufTensor;
import dev.weir.gguf.GgufValue;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class Gpt2GgufTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(11, 6, 8, 2, 2, 12, Activation.GELU_NEW, 1e-5f, true, false);

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
    void theFileHasTheWeightsAsTheMachineKeepsThem(DType type) throws IOException {
        Path out = folder.resolve("model.gguf");
        try (var source = new SyntheticWeights("tiny", CONFIG, DType.FLOAT32, 3)) {
            Gpt2Gguf.write(source, Optional.empty(), type, out);
            Weights weights = Weights.of(CONFIG, type);
            Map<Tensor, WeightView> views = source.views(weights);
            try (GgufFile file = GgufFile.open(out)) {
                assertEquals(4 + 2 * 12, file.tensors().size());
                Weights.Block block = weights.blocks().get(1);
                requireRows(file, "token_embd.weight", type, view(views, weights.tokens()), type, 11, 8, 0);
                requireRows(
                        file, "position_embd.weight", DType.FLOAT32, view(views, weights.positions()), type, 6, 8, 0);
                var up = view(views, block.mlpIn().weight()).transposed();
                requireRows(file, "blk.1.ffn_up.weight", type, up, type, 12, 8, 0);
                var down = view(views, block.mlpOut().weight()).transposed();
                requireRows(file, "blk.1.ffn_down.weight", type, down, type, 8, 12, 0);
                var values = view(views, block.value().weight()).transposed();
                requireRows(file, "blk.1.attn_qkv.weight", type, values, type, 8, 8, 16);
                var bias = view(views, block.key().bias());
                assertEquals(List.of(24L), file.tensor("blk.1.attn_qkv.bias").shape());
                assertEquals(bias.at(0, 5), file.tensor("blk.1.attn_qkv.bias").floats()[8 + 5]);
                assertEquals(DType.FLOAT32, file.tensor("output_norm.bias").dtype());
            }
        }
    }

    private static WeightView view(Map<Tensor, WeightView> views, Tensor tensor) {
        return Optional.ofNullable(views.get(tensor)).orElseThrow();
    }

    private static void requireRows(
            GgufFile file, String name, DType stored, WeightView view, DType kept, int rows, int columns, int from) {
        GgufTensor tensor = file.tensor(name);
        assertEquals(stored, tensor.dtype(), name);
        assertEquals(columns, tensor.shape().getLast(), name);
        float[] values = tensor.floats();
        var rounded = MemorySegment.ofArray(new byte[4]);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                kept.write(rounded, 0, view.at(row, column));
                assertEquals(kept.read(rounded, 0), values[(from + row) * columns + column], name);
            }
        }
    }

    @Test
    void int8IsBlocksOfThirtyTwoInputsAndAScale() throws IOException {
        Path out = folder.resolve("model.gguf");
        var blocks = new ModelConfig(11, 6, 64, 1, 2, 96, Activation.GELU_NEW, 1e-5f, true, false);
        try (var source = new SyntheticWeights("tiny", blocks, DType.FLOAT32, 3)) {
            Gpt2Gguf.write(source, Optional.empty(), DType.INT8, out);
            Weights weights = Weights.of(blocks, DType.INT8);
            Map<Tensor, WeightView> views = source.views(weights);
            var down = view(views, weights.blocks().getFirst().mlpOut().weight());
            try (GgufFile file = GgufFile.open(out)) {
                GgufTensor tensor = file.tensor("blk.0.ffn_down.weight");
                assertEquals(ElementType.Q8_0, tensor.type());
                assertEquals(List.of(64L, 96L), tensor.shape());
                float[] column = new float[96];
                down.column(5, 0, 96, column);
                byte[] q = new byte[32];
                short scale = Int8Blocks.quantize(column, 64, q, 0);
                for (int i = 0; i < 32; i++) {
                    assertEquals(Int8Blocks.widen(q[i], scale), tensor.floats()[5 * 96 + 64 + i]);
                }
                GgufTensor positions = file.tensor("position_embd.weight");
                assertEquals(DType.FLOAT32, positions.dtype());
                assertEquals(
                        view(views, weights.positions()).at(3, 7), positions.floats()[3 * 64 + 7]);
            }
        }
        try (var narrow = new SyntheticWeights("tiny", CONFIG, DType.FLOAT32, 3)) {
            assertThrows(
                    IllegalArgumentException.class, () -> Gpt2Gguf.write(narrow, Optional.empty(), DType.INT8, out));
        }
    }

    @Test
    void metadataSayWhatTheModelIs() throws IOException {
        Path out = folder.resolve("model.gguf");
        try (var source = new SyntheticWeights("tiny", CONFIG, DType.FLOAT32, 3)) {
            Gpt2Gguf.write(source, Optional.empty(), DType.FLOAT32, out);
        }
        try (GgufFile file = GgufFile.open(out)) {
            assertEquals(Optional.of("gpt2"), file.text("general.architecture"));
            assertEquals(Optional.of("none"), file.text("tokenizer.ggml.model"));
            assertEquals(GgufValue.count(2), file.metadata().get("gpt2.block_count"));
            assertEquals(GgufValue.count(12), file.metadata().get("gpt2.feed_forward_length"));
            assertEquals(GgufValue.of(1e-5f), file.metadata().get("gpt2.attention.layer_norm_epsilon"));
        }
    }

    @Test
    void theTokenizerGoesAlong() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"added_tokens": [{"id": 0, "content": "<|endoftext|>", "special": true}],
                 "pre_tokenizer": {"type": "ByteLevel"},
                 "model": {"type": "BPE", "vocab": {"<|endoftext|>": 0, "a": 1, "b": 2, "ab": 3, "Ġ": 4, "Ġab": 6},
                           "merges": [["a", "b"], "Ġ ab"]}}
                """);
        var metadata = GgufTokenizer.of(folder).orElseThrow().metadata(8);
        assertEquals(
                GgufValue.texts(List.of("<|endoftext|>", "a", "b", "ab", "Ġ", "[PAD5]", "Ġab", "[PAD7]")),
                metadata.get("tokenizer.ggml.tokens"));
        assertEquals(GgufValue.wholes(List.of(3, 1, 1, 1, 1, 5, 1, 5)), metadata.get("tokenizer.ggml.token_type"));
        assertEquals(GgufValue.texts(List.of("a b", "Ġ ab")), metadata.get("tokenizer.ggml.merges"));
        assertEquals(GgufValue.count(0), metadata.get("tokenizer.ggml.eos_token_id"));
        assertThrows(
                IllegalArgumentException.class,
                () -> GgufTokenizer.of(folder).orElseThrow().metadata(6));
    }

    @Test
    void anotherKindOfTokenizerIsRefused() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": {\"type\": \"Unigram\"}}");
        String message = assertThrows(CheckpointException.class, () -> GgufTokenizer.of(folder))
                .getMessage();
        assertTrue(message.contains("byte-level BPE"), message);
        assertEquals(Optional.empty(), GgufTokenizer.of(folder.resolve("none")));
    }

    @Test
    void aModelThatOthersComputeDifferentlyIsRefused() {
        var relu = new ModelConfig(11, 6, 8, 2, 2, 12, Activation.RELU, 1e-5f, true, false);
        Path out = folder.resolve("model.gguf");
        try (var source = new SyntheticWeights("tiny", relu, DType.FLOAT32, 3)) {
            assertThrows(
                    IllegalArgumentException.class, () -> Gpt2Gguf.write(source, Optional.empty(), DType.FLOAT32, out));
        }
        assertArrayEquals(new String[0], folder.toFile().list());
    }
}
