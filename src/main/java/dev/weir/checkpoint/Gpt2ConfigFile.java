package dev.weir.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A {@code config.json} of the GPT-2 family. Absent fields have Hugging Face's defaults. Fields that would change the result in a
 * way that Weir does not know are refused; all others are not read.
 *
 * @param tiedHead whether the unembedding is the transposed token embedding
 */
record Gpt2ConfigFile(ModelConfig model, boolean tiedHead) {

    /** The file's name. */
    static final String FILE = "config.json";

    /** Far above any model, and low enough that a damaged file cannot ask for more memory than there is. */
    private static final int MOST = 1 << 24;

    private static final int MOST_LAYERS = 1 << 12;

    /** @throws CheckpointException for another family, a value out of range, or a variant that Weir does not know */
    static Gpt2ConfigFile of(JsonFile json) {
        if (!json.text("model_type").orElse("").equals("gpt2")) {
            throw json.unexpected("model_type", "\"gpt2\"");
        }
        refuseUnknownVariants(json);
        int width = count(json, "n_embd", "hidden_size", 768, MOST);
        int heads = count(json, "n_head", "num_attention_heads", 12, MOST);
        if (width % heads != 0) {
            throw json.unexpected("n_head", "a divisor of n_embd " + width);
        }
        var model = new ModelConfig(
                count(json, "vocab_size", "vocab_size", 50257, MOST),
                count(json, "n_positions", "max_position_embeddings", 1024, MOST),
                width,
                count(json, "n_layer", "num_hidden_layers", 12, MOST_LAYERS),
                heads,
                json.wholeNumber("n_inner", 1, MOST).orElse(4 * width),
                activation(json),
                json.number("layer_norm_epsilon", 1e-5f, Float.MIN_VALUE, Math.nextDown(1f)),
                json.flag("scale_attn_weights", true),
                json.flag("scale_attn_by_inverse_layer_idx", false));
        return new Gpt2ConfigFile(model, json.flag("tie_word_embeddings", true));
    }

    /** The file that {@link #of} reads as this. */
    String text() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.putArray("architectures").add("GPT2LMHeadModel");
        json.put("model_type", "gpt2");
        json.put("vocab_size", model.vocabulary());
        json.put("n_positions", model.context());
        json.put("n_embd", model.width());
        json.put("n_layer", model.layers());
        json.put("n_head", model.heads());
        json.put("n_inner", model.hidden());
        json.put("activation_function", model.activation().label());
        json.put("layer_norm_epsilon", model.epsilon());
        json.put("scale_attn_weights", model.scaleAttention());
        json.put("scale_attn_by_inverse_layer_idx", model.scaleByInverseLayer());
        json.put("tie_word_embeddings", tiedHead);
        return json.toPrettyString() + "\n";
    }

    /** {@code reorder_and_upcast_attn} is not among them: it changes rounding in half precision, and Weir's stream is float32. */
    private static void refuseUnknownVariants(JsonFile json) {
        for (String field : List.of("add_cross_attention", "is_encoder_decoder")) {
            if (json.flag(field, false)) {
                throw json.unexpected(field, "false, Weir has only decoders");
            }
        }
        for (String field : List.of("quantization_config", "pruned_heads")) {
            if (json.isSet(field)) {
                throw json.unexpected(field, "none");
            }
        }
    }

    /** @param alias the name that Hugging Face's code also takes for the field */
    private static int count(JsonFile json, String name, String alias, int absent, int most) {
        return json.wholeNumber(name, 1, most)
                .or(() -> json.wholeNumber(alias, 1, most))
                .orElse(absent);
    }

    private static Activation activation(JsonFile json) {
        String label = json.text("activation_function").orElse(Activation.GELU_NEW.label());
        return Arrays.stream(Activation.values())
                .filter(activation -> activation.label().equals(label))
                .findFirst()
                .orElseThrow(() -> json.unexpected(
                        "activation_function",
                        "one of "
                                + Arrays.stream(Activation.values())
                                        .map(Activation::label)
                                        .collect(Collectors.joining(", "))));
    }
}
