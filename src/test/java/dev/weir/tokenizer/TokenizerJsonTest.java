package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerJsonTest {

    @TempDir
    private Path folder;

    private Tokenizer openResource(String name) throws IOException {
        try (InputStream json = TokenizerJsonTest.class.getResourceAsStream("/tokenizer/" + name)) {
            Files.copy(json, folder.resolve("tokenizer.json"));
        }
        return Tokenizer.open(folder).orElseThrow();
    }

    @Test
    void noTokenIsCutOffPaddedOrAdded() throws IOException {
        try (Tokenizer small = openResource("byte_level.json")) {
            int[] ids = {84, 257, 274, 221, 164, 234, 239, 273};
            assertArrayEquals(ids, small.encode("the little 狐 fox"));
            assertEquals("the little 狐 fox", small.decode(ids));
            assertEquals(300, small.vocabularySize());
            assertEquals(Optional.of(0), small.endOfText());
        }
    }

    @Test
    void tokenizerJsonComesFirst() throws IOException {
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0}");
        try (Tokenizer small = openResource("byte_level.json")) {
            assertEquals(300, small.vocabularySize());
        }
    }

    @Test
    void bytesThatFallBackAreHeldUntilTheyAreCharacters() throws IOException {
        try (Tokenizer llama = openResource("byte_fallback.json")) {
            int[] ids = {274, 259, 234, 142, 147, 273};
            assertArrayEquals(ids, llama.encode("hello 狐 fox"));
            assertEquals("hello 狐 fox", llama.decode(ids));
            assertEquals(List.of("hello", " ", "", "", "", "狐 fox", ""), StreamingDecoderTest.pieces(llama, ids));
            assertEquals("▁hello", llama.token(274));
            assertEquals("<0xE7>", llama.token(234));
        }
    }

    @Test
    void aCharacterIsHeldUntilItIsWholeWhateverTheDecoderIsCalled() throws IOException {
        int[] ids;
        try (Tokenizer small = openResource("byte_level.json")) {
            ids = small.encode("狐fox");
        }
        Path file = folder.resolve("tokenizer.json");
        ObjectNode json = JsonFile.object(file, JsonFile.text(file));
        ObjectNode sequence = json.objectNode().put("type", "Sequence");
        sequence.putArray("decoders").add(json.get("decoder"));
        json.set("decoder", sequence);
        Files.writeString(file, json.toString());
        try (Tokenizer small = Tokenizer.open(folder).orElseThrow()) {
            assertArrayEquals(ids, small.encode("狐fox"));
            assertEquals(List.of("", "", "狐", "fo", "x", ""), StreamingDecoderTest.pieces(small, ids));
            assertEquals(List.of("", "\ufffd"), StreamingDecoderTest.pieces(small, ids[0]));
        }
    }

    @Test
    void wordsThatMarkTheirSpaceGetItBack() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"version": "1.0",
                 "added_tokens": [{"id": 0, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false,
                                   "normalized": false, "special": true}],
                 "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
                 "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
                 "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false,
                           "vocab": [["<unk>", 0.0], ["▁the", -1.0], ["▁sea", -1.5], ["▁", -2.0], ["s", -3.0], ["e", -3.0]]}}
                """);
        try (Tokenizer words = Tokenizer.open(folder).orElseThrow()) {
            int[] ids = words.encode("the sea ses");
            assertArrayEquals(new int[] {1, 2, 3, 4, 5, 4}, ids);
            assertEquals("the sea ses", words.decode(ids));
            assertEquals(List.of("the", " sea", " ", "s", "e", "s", ""), StreamingDecoderTest.pieces(words, ids));
            assertEquals(6, words.vocabularySize());
        }
    }

    @Test
    void anAddedTokenThatIsNotSpecialIsText() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"version": "1.0",
                 "added_tokens": [{"id": 2, "content": "日本", "single_word": false, "lstrip": false, "rstrip": false,
                                   "normalized": false, "special": false}],
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
                 "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
                 "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}
                """);
        try (Tokenizer added = Tokenizer.open(folder).orElseThrow()) {
            assertArrayEquals(new int[] {0, 2, 1}, added.encode("a日本b"));
            assertEquals("a日本b", added.decode(0, 2, 1));
            assertEquals("日本", added.token(2));
            assertEquals(Optional.empty(), added.endOfText());
        }
    }
}
