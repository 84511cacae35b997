package dev.weir.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Hugging Face's {@code tokenizer.json}. The library reads all of it; Weir reads the vocabulary, which the library does not give
 * away, and whether tokens write bytes.
 */
final class TokenizerJson {

    private final Path file;
    private final ObjectNode json;
    private final Map<String, Integer> ids = new LinkedHashMap<>();
    private final Set<String> special = new HashSet<>();

    private TokenizerJson(Path file, ObjectNode json) {
        this.file = file;
        this.json = json;
    }

    static Tokenizer open(Path file) throws IOException {
        String text = JsonFile.text(file);
        return open(file, JsonFile.object(file, text), text);
    }

    /**
     * @param file named in errors
     * @param json the parsed text
     */
    static Tokenizer open(Path file, ObjectNode json, String text) throws IOException {
        var content = new TokenizerJson(file, json);
        Vocabulary vocabulary = content.vocabulary();
        NativeTokenizer library = NativeTokenizer.of(file, text);
        Decoder decoder = content.tokensWriteBytes()
                ? new ByteDecoder(vocabulary, ByteAlphabet::bytes)
                : new LibraryDecoder(vocabulary, library);
        return new Tokenizer(vocabulary, library, decoder);
    }

    private Vocabulary vocabulary() {
        ObjectNode model = JsonFile.object(file, "an object 'model'", json.get("model"));
        JsonNode pieces = model.get("vocab");
        if (pieces != null && pieces.isArray()) {
            addScored(pieces);
        } else {
            ids.putAll(JsonFile.idsByPiece(file, JsonFile.object(file, "'vocab' in 'model'", pieces)));
        }
        for (JsonNode token : json.path("added_tokens")) {
            addToken(JsonFile.object(file, "an object in 'added_tokens'", token));
        }
        return Vocabulary.of(file, ids, special);
    }

    /** Unigram models list pairs of piece and score; the place in the list is the id. */
    private void addScored(JsonNode pieces) {
        for (JsonNode pair : pieces) {
            if (pair.size() != 2 || !pair.path(0).isTextual()) {
                throw new TokenizerException(file, "pairs of piece and score in 'vocab'", JsonFile.quoted(pair));
            }
            ids.put(pair.path(0).textValue(), ids.size());
        }
    }

    /** The library gives an added token the id that its text has in the model, or else the next; the file must say the same. */
    private void addToken(ObjectNode token) {
        if (!token.path("content").isTextual()) {
            throw new TokenizerException(file, "a text 'content' in 'added_tokens'", JsonFile.quoted(token));
        }
        String content = token.path("content").textValue();
        int id = JsonFile.id(file, content, token.get("id"));
        int expected = ids.getOrDefault(content, ids.size());
        if (id != expected) {
            throw new TokenizerException(
                    file,
                    "id " + expected + " for the added token " + ReadableText.quoted(content),
                    Integer.toString(id));
        }
        ids.put(content, id);
        if (token.path("special").asBoolean()) {
            special.add(content);
        }
    }

    private boolean tokensWriteBytes() {
        return json.path("decoder").path("type").asText().equals("ByteLevel");
    }
}
