package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerErrorsTest {

    @TempDir
    private Path folder;

    @Test
    void aFolderWithoutTokenizerFilesHasNoTokenizer() throws IOException {
        assertEquals(Optional.empty(), Tokenizer.open(folder));
    }

    @Test
    void aFolderThatIsNotThereIsRefused() {
        Path missing = folder.resolve("missing");
        assertEquals(
                "tokenizer: expected a folder, got " + missing,
                assertThrows(IllegalArgumentException.class, () -> Tokenizer.open(missing))
                        .getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {                                    | JSON
                    []                                   | a JSON object, got '[]'
                    ''                                   | a JSON object, got nothing
                    {'a': 0,}                            | JSON
                    {"a": 0} x                           | JSON
                    {"a": "b"}                           | a token id for 'a', got '"b"'
                    {"a": 1.5}                           | a token id for 'a', got '1.5'
                    {"a": 99999999999}                   | a token id for 'a', got '99999999999'
                    {"a": null}                          | a token id for 'a', got 'null'
                    {"a": -1}                            | token ids from 0 to 1048575, got -1
                    {"a": 2000000000}                    | token ids from 0 to 1048575, got 2000000000
                    {"a": 0, "b": 0}                     | one token with id 0, got 'a' and 'b'
                    {}                                   | a vocabulary, got no token
                    {"hello": 0}                         | characters and special tokens such as '<s>', as there is no merges.txt, got 'hello'
                    {"": 0}                              | characters and special tokens such as '<s>', as there is no merges.txt, got ''
                    """)
    void aBrokenCharacterVocabularyIsRefused(String vocabulary, String expected) throws IOException {
        assertRefused("vocab.json", vocabulary, expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {}                                                      | an object 'model', got nothing
                    {"model": 1}                                            | an object 'model', got '1'
                    {"model": {}}                                           | 'vocab' in 'model', got nothing
                    {"model": {"vocab": 1}}                                 | 'vocab' in 'model', got '1'
                    {"model": {"vocab": [1]}}                               | pairs of piece and score in 'vocab', got '1'
                    {"model": {"vocab": [[]]}}                              | pairs of piece and score in 'vocab', got '[]'
                    {"model": {"vocab": [[[], 1]]}}                         | pairs of piece and score in 'vocab', got '[[],1]'
                    {"model": {"vocab": {"a": 0}}, "added_tokens": [1]}     | an object in 'added_tokens', got '1'
                    {"model": {"vocab": {"a": 0}}, "added_tokens": [{}]}    | a text 'content' in 'added_tokens', got '{}'
                    {"model": {"vocab": {"a": 0}}, "added_tokens": [{"content": "b"}]} | a token id for 'b', got nothing
                    {"model": {"vocab": {"a": 0}}, "added_tokens": [{"content": "b", "id": 0}]} | id 1 for the added token 'b', got 0
                    {"model": {"vocab": {"a": 0}}, "added_tokens": [{"content": "a", "id": 1}]} | id 0 for the added token 'a', got 1
                    {"model": {"vocab": {"a": 0}}}                          | a tokenizer that the library reads, got its error: data did not match
                    """)
    void aBrokenTokenizerJsonIsRefused(String json, String expected) throws IOException {
        assertRefused("tokenizer.json", json, expected);
    }

    @Test
    void deeplyNestedJsonIsRefused() throws IOException {
        assertRefused("tokenizer.json", "[".repeat(1_000_000), "JSON, got ");
    }

    @ParameterizedTest
    @CsvSource({
        "a, 'line 2 to be two tokens of the vocabulary that make a third, got ''a'''",
        "a b c, 'line 2 to be two tokens of the vocabulary that make a third, got ''a b c'''",
        "a b, 'line 2 to be two tokens of the vocabulary that make a third, got ''a b'''",
        "' b', 'line 2 to be two tokens of the vocabulary that make a third, got '' b'''",
    })
    void aMergeOfUnknownTokensIsRefused(String line, String expected) throws IOException {
        Files.writeString(folder.resolve("vocab.json"), allBytes());
        assertRefused("merges.txt", "#version: 0.2\n" + line + "\n", expected);
    }

    @Test
    void aByteWithoutATokenIsRefused() throws IOException {
        Files.writeString(folder.resolve("merges.txt"), "");
        assertRefused("vocab.json", "{\"a\": 0}", "a token for each byte, got none for 0x00, 'Ā'");
    }

    @Test
    void mergesWithoutAVocabularyAreRefused() throws IOException {
        assertRefused("merges.txt", "a b", "vocab.json beside it, got none");
    }

    @Test
    void bytesThatAreNoTextAreRefused() throws IOException {
        Path file = folder.resolve("vocab.json");
        Files.write(file, new byte[] {'{', '"', (byte) 0xff, '"', ':', '0', '}'});
        var error = assertThrows(TokenizerException.class, () -> Tokenizer.open(folder));
        assertEquals(file + ": expected UTF-8, got other bytes", error.getMessage());
        assertEquals(file, error.file());
    }

    @Property(tries = 300)
    void arbitraryTextIsRefusedInOneLine(@ForAll String text) {
        Path file = Path.of("tokenizer.json");
        var error = assertThrows(
                TokenizerException.class, () -> TokenizerJson.open(file, JsonFile.object(file, text), text));
        assertFalse(String.valueOf(error.getMessage()).contains("\n"));
    }

    private void assertRefused(String name, String content, String expected) throws IOException {
        Path file = folder.resolve(name);
        Files.writeString(file, content);
        String message = String.valueOf(assertThrows(TokenizerException.class, () -> Tokenizer.open(folder))
                .getMessage());
        assertTrue(message.startsWith(file + ": expected " + expected), message);
        assertFalse(message.contains("\n"), message);
    }

    private static String allBytes() {
        var vocabulary = JsonNodeFactory.instance.objectNode();
        IntStream.range(0, 256).forEach(value -> vocabulary.put(String.valueOf(ByteAlphabet.letter(value)), value));
        return vocabulary.toString();
    }
}
