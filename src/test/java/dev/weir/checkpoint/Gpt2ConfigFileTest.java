package dev.weir.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class Gpt2ConfigFileTest {

    @TempDir
    Path folder;

    private Gpt2ConfigFile read(String json) throws IOException {
        return Gpt2ConfigFile.of(JsonFile.read(Files.writeString(folder.resolve("config.json"), json)));
    }

    private Gpt2ConfigFile readFields(String fields) throws IOException {
        return read("{\"model_type\": \"gpt2\"" + (fields.isEmpty() ? "" : ", " + fields) + "}");
    }

    private static void assertNames(CheckpointException refused, String... named) {
        assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
        for (String name : named) {
            assertTrue(refused.getMessage().contains(name), refused.getMessage());
        }
    }

    @Test
    void whatIsAbsentIsAsInTheSmallestPublishedModel() throws IOException {
        var config = readFields("");
        assertEquals(SyntheticWeights.shape("gpt2"), config.model());
        assertTrue(config.tiedHead());
    }

    @Test
    void everyFieldIsRead() throws IOException {
        var config = readFields("""
                "vocab_size": 27, "n_positions": 16, "n_embd": 64, "n_layer": 3, "n_head": 4, "n_inner": 100,
                "activation_function": "relu", "layer_norm_epsilon": 1e-6, "scale_attn_weights": false,
                "scale_attn_by_inverse_layer_idx": true, "tie_word_embeddings": false""");
        assertEquals(new ModelConfig(27, 16, 64, 3, 4, 100, Activation.RELU, 1e-6f, false, true), config.model());
        assertFalse(config.tiedHead());
    }

    @Test
    void namesThatHuggingFaceAlsoTakesAreTaken() throws IOException {
        var model = readFields(
                        "\"hidden_size\": 64, \"num_attention_heads\": 4, \"num_hidden_layers\": 3, \"max_position_embeddings\": 9")
                .model();
        assertEquals(64, model.width());
        assertEquals(256, model.hidden());
        assertEquals(4, model.heads());
        assertEquals(3, model.layers());
        assertEquals(9, model.context());
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void everyActivationIsReadByItsName(Activation activation) throws IOException {
        assertEquals(
                activation,
                readFields("\"activation_function\": \"" + activation.label() + "\"")
                        .model()
                        .activation());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"n_ctx\": 5",
                "\"resid_pdrop\": 0.1",
                "\"reorder_and_upcast_attn\": true",
                "\"summary_type\": null",
                "\"task_specific_params\": {\"a\": [1, {}]}",
                "\"n_inner\": null",
                "\"add_cross_attention\": false",
                "\"pruned_heads\": {}",
                "\"quantization_config\": null",
                "\"is_decoder\": true"
            })
    void fieldsThatChangeNothingAreIgnored(String field) throws IOException {
        assertEquals(SyntheticWeights.shape("gpt2"), readFields(field).model());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n_embd | 0",
                "n_embd | -1",
                "n_embd | 1.5",
                "n_embd | 768.0",
                "n_embd | 2147483648",
                "n_embd | 1e3",
                "n_embd | 99999999999999999999",
                "n_embd | 16777217",
                "n_embd | true",
                "n_embd | [768]",
                "n_layer | 5000",
                "n_layer | 0",
                "n_head | 7",
                "n_head | 0",
                "n_positions | -5",
                "vocab_size | {}",
                "n_inner | 0",
                "n_inner | false",
                "layer_norm_epsilon | 0",
                "layer_norm_epsilon | -1e-5",
                "layer_norm_epsilon | 1",
                "layer_norm_epsilon | 1e999",
                "layer_norm_epsilon | 1e-999",
                "layer_norm_epsilon | true",
                "scale_attn_weights | 1",
                "tie_word_embeddings | {}",
                "scale_attn_by_inverse_layer_idx | 0",
                "activation_function | 3",
                "add_cross_attention | true",
                "is_encoder_decoder | true",
                "quantization_config | {\"bits\": 4}",
                "pruned_heads | {\"0\": [1]}"
            })
    void aValueThatWeirCannotHonourIsRefusedByName(String field, String value) {
        var refused = assertThrows(CheckpointException.class, () -> readFields("\"" + field + "\": " + value));
        assertNames(refused, "config.json: " + field + ": expected ", ", got ");
    }

    @Test
    void anUnknownActivationIsRefusedWithTheKnownOnes() {
        var refused = assertThrows(CheckpointException.class, () -> readFields("\"activation_function\": \"silu\""));
        assertNames(refused, "activation_function", "gelu_new, gelu, relu", "silu");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"model_type\": \"llama\"}", "{\"model_type\": 2}", "{\"model_type\": null}"})
    void anotherFamilyIsRefused(String json) {
        assertNames(assertThrows(CheckpointException.class, () -> read(json)), "model_type");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "[]",
                "null",
                "1",
                "\"gpt2\"",
                "{",
                "{\"model_type\"",
                "{\"model_type\": \"gpt2\"} {}",
                "{\"model_type\": \"gpt2\",}",
                "{\"model_type\": \"gpt2\", \"model_type\": \"gpt2\"}",
                "{model_type: \"gpt2\"}",
                "{\"a\": NaN}",
                "{\"a\": \"\n\"}",
                "\u0000\u0000",
                "\ufeff{}"
            })
    void whatIsNotOneJsonObjectIsRefused(String json) {
        assertNames(assertThrows(CheckpointException.class, () -> read(json)), "config.json");
    }

    @Test
    void nestingHasAnEnd() {
        assertNames(assertThrows(CheckpointException.class, () -> read("{\"a\":".repeat(100_000))), "config.json");
        assertNames(assertThrows(CheckpointException.class, () -> read("[".repeat(1_000_000))), "config.json");
    }

    @Test
    void bytesThatAreNotUtf8AreRefused() throws IOException {
        Path file = folder.resolve("config.json");
        for (byte[] bytes : new byte[][] {
            {(byte) 0xff, (byte) 0xfe, 0, 0}, {'"', (byte) 0xc3, '"'}, "{}".getBytes(StandardCharsets.UTF_16)
        }) {
            Files.write(file, bytes);
            assertNames(assertThrows(CheckpointException.class, () -> JsonFile.read(file)), "UTF-8");
        }
    }
}
