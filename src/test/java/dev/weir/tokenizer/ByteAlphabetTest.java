package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class ByteAlphabetTest {

    @Test
    void eachByteHasALetterOfItsOwnThatReadsBack() {
        var letters = new HashSet<Character>();
        for (int value = 0; value < 256; value++) {
            char letter = ByteAlphabet.letter(value);
            letters.add(letter);
            assertArrayEquals(new byte[] {(byte) value}, ByteAlphabet.bytes(String.valueOf(letter)));
        }
        assertEquals(256, letters.size());
    }

    @Test
    void theLettersAreGpt2s() {
        assertEquals('A', ByteAlphabet.letter('A'));
        assertEquals('Ġ', ByteAlphabet.letter(' '));
        assertEquals('Ċ', ByteAlphabet.letter('\n'));
        assertEquals('Ā', ByteAlphabet.letter(0));
        assertEquals('Ń', ByteAlphabet.letter(0xad));
    }

    @Test
    void aPieceWithAnotherCharacterIsPlainText() {
        assertArrayEquals("Ġ日".getBytes(StandardCharsets.UTF_8), ByteAlphabet.bytes("Ġ日"));
        assertArrayEquals("a b".getBytes(StandardCharsets.UTF_8), ByteAlphabet.bytes("a b"));
    }
}
