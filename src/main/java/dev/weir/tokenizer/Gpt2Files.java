package dev.weir.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * GPT-2's {@code vocab.json} and {@code merges.txt}, from which the {@code tokenizer.json} is written that says the same. What the
 * two files leave unsaid is as GPT-2 has it: no space is added in front, and {@code <|endoftext|>} is special.
 */
final class Gpt2Files {

    private static final String END_OF_TEXT = "<|endoftext|>";
    private static final JsonNodeFactory NEW = JsonNodeFactory.instance;

    private final Path vocabularyFile;
    private final Path mergesFile;
    private final ObjectNode vocabulary;

    private Gpt2Files(Path vocabularyFile, Path mergesFile) throws IOException {
        this.vocabularyFile = vocabularyFile;
        this.mergesFile = mergesFile;
        this.vocabulary = JsonFile.object(vocabularyFile, JsonFile.text(vocabularyFile));
    }

    static Tokenizer open(Path vocabularyFile, Path mergesFile) throws IOException {
        var files = new Gpt2Files(vocabularyFile, mergesFile);
        files.checkBytes();
        ObjectNode json = files.tokenizerJson();
        return TokenizerJson.open(vocabularyFile, json, json.toString());
    }

    /** The library would leave out, silently, a byte that has no token. */
    private void checkBytes() {
        for (int value = 0; value < 256; value++) {
            String letter = String.valueOf(ByteAlphabet.letter(value));
            if (!vocabulary.has(letter)) {
                throw new TokenizerException(
                        vocabularyFile, "a token for each byte", "none for 0x%02x, '%s'".formatted(value, letter));
            }
        }
    }

    private ObjectNode tokenizerJson() throws IOException {
        ObjectNode model = NEW.objectNode().put("type", "BPE");
        model.set("vocab", vocabulary);
        model.set("merges", merges());

        ObjectNode json = NEW.objectNode().put("version", "1.0");
        json.set("added_tokens", addedTokens());
        json.set("pre_tokenizer", byteLevel());
        json.set("decoder", byteLevel());
        json.set("model", model);
        return json;
    }

    private ArrayNode addedTokens() {
        ArrayNode tokens = NEW.arrayNode();
        if (vocabulary.has(END_OF_TEXT)) {
            tokens.addObject()
                    .put("content", END_OF_TEXT)
                    .put("special", true)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .set("id", vocabulary.get(END_OF_TEXT));
        }
        return tokens;
    }

    /** Text is cut into words by GPT-2's expression, which the library knows as {@code use_regex}. */
    private static ObjectNode byteLevel() {
        return NEW.objectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
    }

    /** One merge a line, two pieces with a space between, the earliest the most wanted. */
    private ArrayNode merges() throws IOException {
        ArrayNode merges = NEW.arrayNode();
        int number = 0;
        for (String line : JsonFile.text(mergesFile).lines().toList()) {
            number++;
            if (!line.isEmpty() && !line.startsWith("#version")) {
                merges.add(merge(line, number));
            }
        }
        return merges;
    }

    private ArrayNode merge(String line, int number) {
        int space = line.indexOf(' ');
        String left = line.substring(0, Math.max(space, 0));
        String right = line.substring(space + 1);
        for (String piece : List.of(left, right, left + right)) {
            if (!vocabulary.has(piece)) {
                throw new TokenizerException(
                        mergesFile,
                        "line " + number + " to be two tokens of the vocabulary that make a third",
                        ReadableText.quoted(line));
            }
        }
        return NEW.arrayNode().add(left).add(right);
    }
}
