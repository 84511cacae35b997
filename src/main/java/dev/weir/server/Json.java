package dev.weir.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;

/** JSON in and out; what comes in is not trusted. */
final class Json {

    private static final int DEEPEST = 32;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .build())
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    static ArrayNode numbers(Collection<Integer> values) {
        ArrayNode array = array();
        values.forEach(array::add);
        return array;
    }

    /** Sets a number that JSON may not be able to write: null for NaN and the infinities. */
    static void putFinite(ObjectNode object, String key, double value) {
        if (Double.isFinite(value)) {
            object.put(key, value);
        } else {
            object.putNull(key);
        }
    }

    /** Compact, in UTF-8. */
    static byte[] bytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of JSON cannot be written", e);
        }
    }

    /**
     * The one object that a body is.
     *
     * @throws RefusalException for anything else: other bytes than UTF-8, a key twice, too deep a nesting
     */
    static ObjectNode parse(byte[] body) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            if (MAPPER.readTree(text) instanceof ObjectNode object) {
                return object;
            }
        } catch (CharacterCodingException e) {
            throw RefusalException.field(null, "body: expected JSON in UTF-8, got other bytes");
        } catch (JsonProcessingException e) {
            throw RefusalException.field(
                    null,
                    "body: expected one JSON object, nested " + DEEPEST + " deep at most and no key twice, got "
                            + (e.getLocation() == null
                                    ? "something else"
                                    : "something else in line "
                                            + e.getLocation().getLineNr() + ", column "
                                            + e.getLocation().getColumnNr()));
        }
        throw RefusalException.field(null, "body: expected a JSON object, got something else");
    }
}
