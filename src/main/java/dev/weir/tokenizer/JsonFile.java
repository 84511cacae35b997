package dev.weir.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Strict JSON from files that are not trusted. */
final class JsonFile {

    /** Far above any tokenizer's, and below what a Java string holds. */
    private static final long LARGEST = 256L << 20;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonFile() {}

    /**
     * @throws TokenizerException unless the file is UTF-8 of a reasonable size
     * @throws IOException if it cannot be read
     */
    static String text(Path file) throws IOException {
        long size = Files.size(file);
        if (size > LARGEST) {
            throw new TokenizerException(file, "at most " + LARGEST + " bytes", Long.toString(size));
        }
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new TokenizerException(file, "UTF-8", "other bytes");
        }
    }

    /** @throws TokenizerException unless the text is one JSON object */
    static ObjectNode object(Path file, String text) {
        try {
            return object(file, "a JSON object", JSON.readTree(text));
        } catch (JsonProcessingException e) {
            throw new TokenizerException(file, "JSON", problem(e));
        }
    }

    /** @throws TokenizerException unless the node is an object */
    static ObjectNode object(Path file, String expected, @Nullable JsonNode node) {
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new TokenizerException(file, expected, quoted(node));
    }

    /** @throws TokenizerException unless every member is a whole number */
    static Map<String, Integer> idsByPiece(Path file, ObjectNode vocabulary) {
        var ids = new LinkedHashMap<String, Integer>();
        vocabulary.properties().forEach(entry -> ids.put(entry.getKey(), id(file, entry.getKey(), entry.getValue())));
        return ids;
    }

    /** @throws TokenizerException unless the node is a whole number that fits an int */
    static int id(Path file, String piece, @Nullable JsonNode node) {
        if (node == null || !node.isIntegralNumber() || !node.canConvertToInt()) {
            throw new TokenizerException(file, "a token id for " + ReadableText.quoted(piece), quoted(node));
        }
        return node.intValue();
    }

    static String quoted(@Nullable JsonNode node) {
        return node == null || node.isMissingNode() ? "nothing" : ReadableText.quoted(node.toString());
    }

    private static String problem(JsonProcessingException e) {
        String message = ReadableText.of(e.getOriginalMessage());
        return e.getLocation() == null
                ? message
                : "line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr() + ": " + message;
    }
}
