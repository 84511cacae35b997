package dev.weir.sae;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Reads {@code cfg.json}. SAELens 6 keeps what it knows about the model under {@code metadata}, older versions beside the rest and under
 * other names. A key that asks for something else than what is done here is refused; keys of the training are passed over.
 */
final class SaeConfigFile {

    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int LONGEST_QUOTE = 80;

    /** What TransformerLens may do to weights so that no value at a hook point changes, and centring, which is done here too. */
    private static final String CENTRES = "center_writing_weights";

    private static final Map<String, String> OLD_NAMES = Map.of(
            "hook_name",
            "hook_point",
            "hook_head_index",
            "hook_point_head_index",
            "activation_fn",
            "activation_fn_str");

    private final Path file;
    private final JsonNode fields;

    private SaeConfigFile(Path file, JsonNode fields) {
        this.file = file;
        this.fields = fields;
    }

    static SaeConfig read(Path file) throws IOException {
        return new SaeConfigFile(file, parse(file)).config();
    }

    /** Writes what SAELens 6 reads back, for a {@link Architecture#TOPK} autoencoder without normalization. */
    static void write(Path file, String model, HookPoint point, int inputs, int features, int k) throws IOException {
        ObjectNode config = MAPPER.createObjectNode();
        config.put("architecture", Architecture.TOPK.label())
                .put("d_in", inputs)
                .put("d_sae", features)
                .put("k", k)
                .put("dtype", "float32")
                .put("device", "cpu")
                .put("apply_b_dec_to_input", true)
                .put("normalize_activations", Normalization.NONE.label())
                .put("reshape_activations", point.site() == Site.Z ? "hook_z" : "none");
        config.putObject("metadata")
                .put("model_name", model)
                .put("hook_name", point.name())
                .put("sae_lens_version", "6.0.0");
        Files.writeString(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
    }

    private static JsonNode parse(Path file) throws IOException {
        try {
            JsonNode node = MAPPER.readTree(Files.readString(file));
            if (!node.isObject()) {
                throw new IllegalArgumentException(file + ": expected a JSON object, got " + shown(node));
            }
            return node;
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(file + ": expected text in UTF-8, got other bytes", e);
        } catch (JsonProcessingException e) {
            String fault = e.getOriginalMessage().replaceAll("\\s+", " ");
            throw new IllegalArgumentException(file + ": expected JSON, got " + fault, e);
        }
    }

    private SaeConfig config() {
        Architecture architecture = architecture();
        requireActivation(architecture);
        requireNull("hook_head_index", "an autoencoder of one head");
        HookPoint point = point();
        requireReshaping(point);
        return new SaeConfig(
                architecture,
                point,
                size("d_in"),
                size("d_sae"),
                architecture == Architecture.TOPK ? k() : 0,
                flag("apply_b_dec_to_input", true),
                normalization(),
                rescales(architecture),
                isCentred(point));
    }

    private Architecture architecture() {
        String label = text("architecture").orElse(Architecture.STANDARD.label());
        return Architecture.labelled(label)
                .orElseThrow(() -> refused("architecture", "standard, topk or jumprelu", quoted(label)));
    }

    private void requireActivation(Architecture architecture) {
        text("activation_fn").ifPresent(name -> {
            boolean isRight = name.equals("relu") || (architecture == Architecture.TOPK && name.equals("topk"));
            if (!isRight) {
                throw refused("activation_fn", "relu for " + architecture.label(), quoted(name));
            }
        });
    }

    private HookPoint point() {
        String name = text("hook_name").orElseThrow(() -> refused("hook_name", "the name of a hook point", "nothing"));
        try {
            return HookPoint.named(name);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    private void requireReshaping(HookPoint point) {
        text("reshape_activations").ifPresent(how -> {
            if (!how.equals("none") && !(how.equals("hook_z") && point.site() == Site.Z)) {
                throw refused("reshape_activations", "none, or hook_z at a hook_z", quoted(how) + " at " + point);
            }
        });
    }

    private int k() {
        JsonNode kwargs = fields.path("activation_fn_kwargs");
        JsonNode k = fields.has("k") ? fields.path("k") : kwargs.path("k");
        if (!k.isIntegralNumber() || !k.canConvertToInt() || k.intValue() < 1 || k.intValue() > size("d_sae")) {
            throw refused("k", "a whole number from 1 to d_sae", shown(k));
        }
        return k.intValue();
    }

    private int size(String name) {
        JsonNode node = fields.path(name);
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 1) {
            throw refused(name, "a whole number above zero", shown(node));
        }
        return node.intValue();
    }

    /** Old versions say yes or no, where yes is an average over the training data that is not in the file. */
    private Normalization normalization() {
        JsonNode node = find("normalize_activations");
        if (node.isMissingNode() || (node.isBoolean() && !node.booleanValue())) {
            return Normalization.NONE;
        }
        return Optional.of(node)
                .filter(JsonNode::isTextual)
                .flatMap(text -> Normalization.labelled(text.textValue()))
                .orElseThrow(() -> refused(
                        "normalize_activations",
                        "none, constant_norm_rescale or layer_norm; an average over training data must be folded into"
                                + " the weights first",
                        shown(node)));
    }

    private boolean rescales(Architecture architecture) {
        boolean rescales = flag("rescale_acts_by_decoder_norm", false);
        if (rescales && architecture != Architecture.TOPK) {
            throw refused("rescale_acts_by_decoder_norm", "false for " + architecture.label(), "true");
        }
        return rescales;
    }

    /** Centring what writes to the stream takes the mean from the stream and its parts, and from nothing else that has a name. */
    private boolean isCentred(HookPoint point) {
        boolean centred = false;
        for (var option : find("model_from_pretrained_kwargs").properties()) {
            JsonNode value = option.getValue();
            if (value.isNull() || (value.isBoolean() && !value.booleanValue())) {
                continue;
            }
            if (!option.getKey().equals(CENTRES) || !value.isBoolean()) {
                throw refused(
                        "model_from_pretrained_kwargs." + option.getKey(),
                        "false: weights are as published",
                        shown(value));
            }
            centred = isOfTheStream(point.site());
        }
        return centred;
    }

    private static boolean isOfTheStream(Site site) {
        return site.form() == Site.Form.WIDTH && !site.suffix().endsWith("hook_normalized") && site != Site.UNEMBED_IN;
    }

    private void requireNull(String name, String what) {
        JsonNode node = find(name);
        if (!node.isMissingNode()) {
            throw refused(name, "null: " + what + " is not supported", shown(node));
        }
    }

    private boolean flag(String name, boolean absent) {
        JsonNode node = find(name);
        if (!node.isMissingNode() && !node.isBoolean()) {
            throw refused(name, "true or false", shown(node));
        }
        return node.asBoolean(absent);
    }

    private Optional<String> text(String name) {
        JsonNode node = find(name);
        if (!node.isMissingNode() && !node.isTextual()) {
            throw refused(name, "text", shown(node));
        }
        return Optional.ofNullable(node.textValue());
    }

    /** A field wherever a version keeps it; null counts as absent, as it does in Python. */
    private JsonNode find(String name) {
        for (JsonNode place : new JsonNode[] {fields, fields.path("metadata"), fields.path("meta")}) {
            for (String spelled : new String[] {name, OLD_NAMES.getOrDefault(name, name)}) {
                if (place.hasNonNull(spelled)) {
                    return place.path(spelled);
                }
            }
        }
        return fields.path("");
    }

    private IllegalArgumentException refused(String name, String expected, String got) {
        return new IllegalArgumentException(file + ": " + name + ": expected " + expected + ", got " + got);
    }

    private static String quoted(String text) {
        return "'" + shown(text) + "'";
    }

    private static String shown(JsonNode node) {
        return node.isMissingNode() ? "nothing" : shown(node.toString());
    }

    private static String shown(String text) {
        String start = text.substring(0, Math.min(text.length(), LONGEST_QUOTE));
        return start.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?") + (text.length() > LONGEST_QUOTE ? "..." : "");
    }
}
