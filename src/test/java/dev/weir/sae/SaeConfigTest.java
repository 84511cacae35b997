package dev.weir.sae;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SaeConfigTest {

    private static final ModelConfig SHAPE =
            new ModelConfig(31, 16, 12, 2, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);

    @TempDir
    Path folder;

    private SaeConfig read(String json) throws IOException {
        Path file = folder.resolve("cfg.json");
        Files.writeString(file, json);
        return SaeConfig.read(file);
    }

    @Test
    void aFileOfVersionSixIsRead() throws IOException {
        assertEquals(
                new SaeConfig(
                        Architecture.TOPK,
                        HookPoint.of(3, Site.RESID_POST),
                        768,
                        24576,
                        32,
                        false,
                        Normalization.LAYER_NORM,
                        true,
                        false),
                read("""
                        {"d_in": 768, "d_sae": 24576, "dtype": "float32", "device": "cpu", "apply_b_dec_to_input": false,
                         "normalize_activations": "layer_norm", "reshape_activations": "none", "k": 32,
                         "rescale_acts_by_decoder_norm": true, "architecture": "topk",
                         "metadata": {"model_name": "gpt2", "hook_name": "blocks.3.hook_resid_post", "hook_head_index": null,
                                      "model_from_pretrained_kwargs": {}, "prepend_bos": true,
                                      "sae_lens_version": "6.12.1"}}"""));
    }

    @Test
    void aFileOfOlderVersionsIsRead() throws IOException {
        assertEquals(
                new SaeConfig(
                        Architecture.STANDARD,
                        HookPoint.of(8, Site.RESID_PRE),
                        768,
                        24576,
                        0,
                        true,
                        Normalization.NONE,
                        false,
                        true),
                read("""
                        {"model_name": "gpt2-small", "hook_point": "blocks.8.hook_resid_pre", "hook_point_layer": 8,
                         "hook_point_head_index": null, "d_in": 768, "d_sae": 24576, "activation_fn_str": "relu",
                         "normalize_activations": false, "l1_coefficient": 8e-05,
                         "model_from_pretrained_kwargs": {"center_writing_weights": true}}"""));
    }

    @Test
    void theOlderTopKSaysItsCountBesideItsFunction() throws IOException {
        SaeConfig config = read("""
                {"architecture": "topk", "hook_name": "blocks.1.attn.hook_z", "d_in": 12, "d_sae": 48,
                 "activation_fn_str": "topk", "activation_fn_kwargs": {"k": 7}, "reshape_activations": "hook_z"}""");
        assertEquals(7, config.k());
        assertFalse(config.rescales());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            architecture | "gated" | architecture: expected standard, topk or jumprelu, got 'gated'
            architecture | 3 | architecture: expected text, got 3
            activation_fn_str | "tanh-relu" | activation_fn: expected relu for standard, got 'tanh-relu'
            activation_fn | "topk" | activation_fn: expected relu for standard, got 'topk'
            hook_head_index | 3 | hook_head_index: expected null: an autoencoder of one head is not supported, got 3
            hook_name | "blocks.1.hook_nothing" | hook point 'blocks.1.hook_nothing': expected a name such as
            reshape_activations | "hook_z" | reshape_activations: expected none, or hook_z at a hook_z, got 'hook_z' at
            normalize_activations | true | normalize_activations: expected none, constant_norm_rescale or layer_norm;
            normalize_activations | "expected_average_only_in" | normalize_activations: expected none, constant
            rescale_acts_by_decoder_norm | true | rescale_acts_by_decoder_norm: expected false for standard, got true
            apply_b_dec_to_input | "yes" | apply_b_dec_to_input: expected true or false, got "yes"
            d_in | 0 | d_in: expected a whole number above zero, got 0
            d_sae | "many" | d_sae: expected a whole number above zero, got "many"
            d_sae | 3000000000 | d_sae: expected a whole number above zero, got 3000000000
            model_from_pretrained_kwargs | {"fold_ln": true} | model_from_pretrained_kwargs.fold_ln: expected false
            """)
    void whatIsNotHonouredIsRefusedByName(String key, String value, String message) {
        var e = assertThrows(
                IllegalArgumentException.class,
                () -> read("{\"d_in\": 12, \"d_sae\": 20, \"hook_name\": \"blocks.1.hook_resid_pre\", \"%s\": %s}"
                        .replace("\"" + key + "\": 12, ", "")
                        .formatted(key, value)));
        assertTrue(e.getMessage().startsWith(folder.resolve("cfg.json") + ": " + message), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [1, 2] | expected a JSON object, got [1,2]
            {"d_in": 3 | expected JSON, got Unexpected end-of-input
            {"d_in": 3} | hook_name: expected the name of a hook point, got nothing
            {"architecture": "topk", "hook_name": "hook_embed", "d_in": 3, "d_sae": 4} | k: expected a whole number from 1 to d_sae, got nothing
            {"architecture": "topk", "hook_name": "hook_embed", "d_in": 3, "d_sae": 4, "k": 5} | k: expected a whole number from 1 to d_sae, got 5
            """)
    void whatIsNoConfigIsOneLine(String json, String message) {
        var e = assertThrows(IllegalArgumentException.class, () -> read(json));
        assertTrue(e.getMessage().startsWith(folder.resolve("cfg.json") + ": " + message), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }

    @Test
    void weightsAndModelMustFit() throws IOException {
        assertRefused(
                new SaeFolder("standard", "blocks.2.hook_resid_pre", 12, 20, 1),
                "hook_name blocks.2.hook_resid_pre: expected a block below 2, those of the model");
        assertRefused(
                new SaeFolder("standard", "blocks.1.mlp.hook_post", 12, 20, 1),
                "d_in: expected 20, the width of blocks.1.mlp.hook_post in the model, got 12");
        assertRefused(
                new SaeFolder("standard", "blocks.1.attn.hook_pattern", 12, 20, 1),
                "hook_name blocks.1.attn.hook_pattern: expected a point with a row for each token");
        var saved = new SaeFolder("standard", "blocks.1.hook_resid_pre", 12, 20, 1);
        assertRefused(
                saved.tensor("b_dec", new float[11]),
                folder.resolve("sae_weights.safetensors")
                        + ": tensor b_dec: expected floats of shape [12], got float32 of [11]");
        saved = new SaeFolder("jumprelu", "blocks.1.hook_resid_pre", 12, 20, 1).without("threshold");
        assertTrue(refusal(saved).contains("threshold"));
        saved = new SaeFolder("standard", "blocks.1.hook_resid_pre", 12, 20, 1).tensor("scaling_factor", 1, 1, 2);
        assertRefused(
                saved,
                folder.resolve("sae_weights.safetensors")
                        + ": tensor scaling_factor: expected ones: a scale of what is decoded is not supported, got 2.0 at 2");
    }

    private void assertRefused(SaeFolder saved, String message) throws IOException {
        assertEquals(message, refusal(saved));
    }

    private String refusal(SaeFolder saved) throws IOException {
        saved.write(folder);
        try (Weir weir = Weir.of(
                new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3),
                Options.DEFAULT.withDevice("cpu").withThreads(1))) {
            var e = assertThrows(RuntimeException.class, () -> SparseAutoencoder.open(folder, weir));
            return String.valueOf(e.getMessage());
        }
    }
}
