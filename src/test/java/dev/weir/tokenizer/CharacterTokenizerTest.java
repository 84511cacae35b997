package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CharacterTokenizerTest {

    @TempDir
    private Path folder;

    private Tokenizer open(String vocabulary) throws IOException {
        Files.writeString(folder.resolve("vocab.json"), vocabulary);
        return Tokenizer.open(folder).orElseThrow();
    }

    @Test
    void aTokenIsACharacter() throws IOException {
        try (Tokenizer names = open("{\"<s>\": 0, \"a\": 1, \"n\": 2, \"é\": 3, \"😀\": 4, \"\\n\": 5, \"<\": 6}")) {
            String text = "anné😀\n<";
            int[] ids = {1, 2, 2, 3, 4, 5, 6};
            assertArrayEquals(ids, names.encode(text));
            assertEquals(text, names.decode(ids));
            assertEquals(List.of("a", "n", "n", "é", "😀", "\n", "<", ""), StreamingDecoderTest.pieces(names, ids));
            assertEquals("\\n", names.token(5));
            assertEquals(7, names.vocabularySize());
        }
    }

    @Test
    void theLongestSpecialTokenIsTakenFirst() throws IOException {
        try (Tokenizer names = open("{\"<s>\": 0, \"<s><s>\": 1, \"s\": 2, \"<\": 3, \">\": 4, \"[PAD]\": 5}")) {
            assertArrayEquals(new int[] {1, 0, 2, 3, 2, 5, 4}, names.encode("<s><s><s>s<s[PAD]>"));
            assertEquals("s<s>", names.decode(1, 0, 2, 3, 2, 5, 4));
            assertEquals("<s><s>", names.token(1));
        }
    }

    @Test
    void anUnknownCharacterIsRefusedWithItsPlace() throws IOException {
        try (Tokenizer names = open("{\"a\": 0, \"b\": 1}")) {
            assertEquals(
                    "text at index 2: expected a character of the vocabulary, got '😀' (U+1F600)",
                    assertThrows(IllegalArgumentException.class, () -> names.encode("ab😀"))
                            .getMessage());
        }
    }

    @Test
    void anIdWithoutATokenWritesNothing() throws IOException {
        try (Tokenizer names = open("{\"a\": 0, \"b\": 2}")) {
            assertEquals(3, names.vocabularySize());
            assertEquals("ab", names.decode(0, 1, 2));
            assertEquals("", names.token(1));
        }
    }

    @Test
    void theEndOfTextIsASpecialTokenOfACustomaryName() throws IOException {
        assertEquals(Optional.of(1), open("{\"a\": 0, \"</s>\": 1}").endOfText());
        assertEquals(Optional.empty(), open("{\"a\": 0, \"<s>\": 1}").endOfText());
    }
}
