package dev.weir.checkpoint;

import static dev.weir.checkpoint.CheckpointException.shown;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A JSON object in a file, read field by field. A field that is null counts as absent, as it does in Python. */
final class JsonFile {

    private static final long LONGEST = 64L << 20;
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path path;
    private final JsonNode fields;

    private JsonFile(Path path, JsonNode fields) {
        this.path = path;
        this.fields = fields;
    }

    /**
     * Reads a file.
     *
     * @throws CheckpointException if it is no JSON object
     */
    static JsonFile read(Path path) throws IOException {
        long size = Files.size(path);
        if (size > LONGEST) {
            throw CheckpointException.in(path, "file", "at most " + LONGEST + " bytes", String.valueOf(size));
        }
        JsonNode node = parse(path, text(path));
        if (!node.isObject()) {
            throw CheckpointException.in(path, "file", "a JSON object", shown(node.toString()));
        }
        return new JsonFile(path, node);
    }

    private static String text(Path path) throws IOException {
        try {
            return Files.readString(path);
        } catch (CharacterCodingException e) {
            throw CheckpointException.in(path, "file", "text in UTF-8", "other bytes");
        }
    }

    private static JsonNode parse(Path path, String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            var location = e.getLocation();
            String place =
                    location == null ? "file" : "line " + location.getLineNr() + ", column " + location.getColumnNr();
            throw CheckpointException.in(path, place, "JSON", shown(e.getOriginalMessage()));
        }
    }

    Path path() {
        return path;
    }

    private Optional<JsonNode> find(String name) {
        return Optional.ofNullable(fields.get(name)).filter(node -> !node.isNull());
    }

    /** A field as it stands in the file, or a missing node. */
    JsonNode field(String name) {
        return fields.path(name);
    }

    /** Whether a field is there and holds something; an empty object or list does not. */
    boolean isSet(String name) {
        return find(name)
                .filter(node -> !node.isContainerNode() || !node.isEmpty())
                .isPresent();
    }

    /** A field that says yes or no. */
    boolean flag(String name, boolean absent) {
        return find(name)
                .map(node -> {
                    if (!node.isBoolean()) {
                        throw unexpected(name, "true or false", node);
                    }
                    return node.booleanValue();
                })
                .orElse(absent);
    }

    /** A field of text, if it is there. */
    Optional<String> text(String name) {
        return find(name).map(node -> {
            if (!node.isTextual()) {
                throw unexpected(name, "text", node);
            }
            return node.textValue();
        });
    }

    /** A whole number between two bounds, both included, if it is there. */
    Optional<Integer> wholeNumber(String name, int least, int most) {
        return find(name).map(node -> wholeNumber(name, node, least, most));
    }

    private int wholeNumber(String name, JsonNode node, int least, int most) {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < least || node.intValue() > most) {
            throw unexpected(name, "a whole number from " + least + " to " + most, node);
        }
        return node.intValue();
    }

    /** Whole numbers, of which a field holds a list, or one, or none. */
    List<Integer> wholeNumbers(String name, int least, int most) {
        return find(name)
                .map(node -> {
                    var numbers = new ArrayList<Integer>();
                    for (JsonNode element : node.isArray() ? node : List.of(node)) {
                        numbers.add(wholeNumber(name, element, least, most));
                    }
                    return List.copyOf(numbers);
                })
                .orElse(List.of());
    }

    /** A number between two bounds, both included. */
    float number(String name, float absent, float least, float most) {
        return find(name)
                .map(node -> {
                    float value = node.floatValue();
                    if (!node.isNumber() || !(value >= least && value <= most)) {
                        throw unexpected(name, "a number from " + least + " to " + most, node);
                    }
                    return value;
                })
                .orElse(absent);
    }

    /** A field that is an object of texts. */
    Map<String, String> texts(String name) {
        JsonNode object = find(name).filter(JsonNode::isObject).orElseThrow(() -> unexpected(name, "an object"));
        var texts = new LinkedHashMap<String, String>();
        for (var field : object.properties()) {
            if (!field.getValue().isTextual()) {
                throw unexpected(name + " " + shown(field.getKey()), "text", field.getValue());
            }
            texts.put(field.getKey(), field.getValue().textValue());
        }
        return texts;
    }

    /** What is wrong with a field, as it stands in the file. */
    CheckpointException unexpected(String name, String expected) {
        return unexpected(name, expected, fields.path(name));
    }

    private CheckpointException unexpected(String name, String expected, JsonNode got) {
        return CheckpointException.in(path, name, expected, shown(got.isMissingNode() ? "nothing" : got.toString()));
    }
}
