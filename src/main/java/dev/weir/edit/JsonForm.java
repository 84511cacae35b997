package dev.weir.edit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weir.hook.Heads;
import dev.weir.hook.Span;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * Sentences as JSON: a list, or an object whose {@code edits} are one, of texts in the {@linkplain TextForm text form} and objects
 * such as {@code {"at": "resid_post.2", "add": {"file": "joy.safetensors", "tensor": "joy"}, "strength": 4, "positions": "-1"}}.
 */
final class JsonForm {

    private static final String AT = "at";
    private static final String STRENGTH = "strength";
    private static final String POSITIONS = "positions";
    private static final String HEADS = "heads";
    private static final Set<String> BESIDE = Set.of(AT, STRENGTH, POSITIONS, HEADS);

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Function<String, Path> files;

    /** @param files finds the file of a name */
    JsonForm(Function<String, Path> files) {
        this.files = files;
    }

    /** @throws IllegalArgumentException if the text is no list of sentences */
    List<Sentence> read(String json) {
        try {
            return read(MAPPER.readTree(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "edits: expected JSON, got none: "
                            + e.getOriginalMessage().lines().findFirst().orElse("") + " in line "
                            + e.getLocation().getLineNr(),
                    e);
        }
    }

    /** @throws IllegalArgumentException if this is no list of sentences */
    List<Sentence> read(JsonNode node) {
        JsonNode list = node.isObject() && node.size() == 1 ? node.path("edits") : node;
        if (!list.isArray()) {
            throw new IllegalArgumentException(
                    "edits: expected a list such as [{\"at\": \"resid_post.2\", \"zero\": true}], got " + kind(node));
        }
        var sentences = new ArrayList<Sentence>();
        for (JsonNode element : list) {
            sentences.add(element.isTextual() ? TextForm.read(element.textValue(), files) : sentence(element));
        }
        return sentences;
    }

    private Sentence sentence(JsonNode node) {
        String text = node.toString();
        try {
            if (!node.isObject() || !node.path(AT).isTextual()) {
                throw new IllegalArgumentException("expected an object with \"at\", or a text, got " + kind(node));
            }
            return new Sentence(
                    text, node.path(AT).textValue(), change(node), strength(node), spans(node), heads(node));
        } catch (IllegalArgumentException e) {
            throw Sentence.refusal(text, e);
        }
    }

    private Change change(JsonNode node) {
        List<String> words = node.properties().stream()
                .map(property -> property.getKey())
                .filter(key -> !BESIDE.contains(key))
                .toList();
        if (words.size() != 1) {
            throw new IllegalArgumentException(
                    "expected one of add, scale, zero, mean, replace, project, skip and plain, got " + words);
        }
        String word = words.getFirst();
        JsonNode value = node.path(word);
        return switch (word) {
            case "add" -> new Change.Add(source(value));
            case "mean" -> new Change.Mean(source(value));
            case "replace" -> new Change.Replace(source(value));
            case "project" -> new Change.Project(source(value));
            case "scale" -> new Change.Scale(number(word, value));
            case "zero" -> isTrue(word, value, new Change.Scale(0));
            case "skip" -> isTrue(word, value, new Change.Skip());
            case "plain" -> isTrue(word, value, new Change.Plain());
            default ->
                throw new IllegalArgumentException(
                        "expected one of add, scale, zero, mean, replace, project, skip and plain, got '" + word + "'");
        };
    }

    private static Change isTrue(String word, JsonNode value, Change change) {
        if (!value.isBoolean() || !value.booleanValue()) {
            throw new IllegalArgumentException(word + ": expected true, got " + value);
        }
        return change;
    }

    private static float number(String key, JsonNode value) {
        if (!value.isNumber() || !Float.isFinite(value.floatValue())) {
            throw new IllegalArgumentException(key + ": expected a number, got " + value);
        }
        return value.floatValue();
    }

    private Source source(JsonNode value) {
        if (value.isTextual() && !value.textValue().isEmpty()) {
            return TextForm.source(value.textValue(), files);
        }
        if (value.isArray()) {
            float[] values = new float[value.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = number("value " + i, value.get(i));
            }
            return new Source.WrittenOut(values);
        }
        boolean known = value.properties().stream()
                .allMatch(property -> Set.of("file", "tensor", "sequence").contains(property.getKey()));
        JsonNode tensor = value.path("tensor");
        JsonNode sequence = value.path("sequence");
        if (!known
                || !value.path("file").isTextual()
                || !(tensor.isMissingNode() || tensor.isTextual())
                || !(sequence.isMissingNode() || (sequence.isInt() && sequence.intValue() >= 0))) {
            throw new IllegalArgumentException("expected \"FILE:TENSOR\", {\"file\", \"tensor\", \"sequence\"} or a"
                    + " list of numbers, got " + value);
        }
        return new Source.InFile(
                files.apply(value.path("file").textValue()),
                Optional.ofNullable(tensor.textValue()),
                sequence.isInt() ? OptionalInt.of(sequence.intValue()) : OptionalInt.empty());
    }

    private static Optional<Float> strength(JsonNode node) {
        return node.has(STRENGTH) ? Optional.of(number(STRENGTH, node.path(STRENGTH))) : Optional.empty();
    }

    private static List<Span> spans(JsonNode node) {
        return node.has(POSITIONS) ? PositionText.spans(joined(POSITIONS, node.path(POSITIONS))) : List.of();
    }

    private static Heads heads(JsonNode node) {
        return node.has(HEADS) ? PositionText.heads(joined(HEADS, node.path(HEADS))) : Heads.ALL;
    }

    /** A text as the text form has it, a number, or a list of numbers. */
    private static String joined(String key, JsonNode value) {
        if (value.isTextual()) {
            return value.textValue();
        }
        var numbers = new ArrayList<String>();
        for (JsonNode number : value.isArray() ? value : List.of(value)) {
            if (!number.isInt()) {
                throw new IllegalArgumentException(key + ": expected a text, a number or a list of them, got " + value);
            }
            numbers.add(number.asText());
        }
        return String.join("+", numbers);
    }

    private static String kind(JsonNode node) {
        if (node.isMissingNode()) {
            return "nothing";
        }
        return node.isObject()
                ? "an object without it"
                : "a " + node.getNodeType().name().toLowerCase(Locale.ROOT);
    }
}
