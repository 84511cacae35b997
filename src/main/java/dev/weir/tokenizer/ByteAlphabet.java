package dev.weir.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The letters that byte-level vocabularies write bytes with, so that every piece can be seen and none has a space in it. A byte
 * that prints in Latin-1 is its own letter; the n-th of the others is U+0100 + n. From GPT-2's {@code bytes_to_unicode}.
 */
final class ByteAlphabet {

    private static final char[] LETTERS = letters();
    private static final int[] BYTES = bytesByLetter();

    private ByteAlphabet() {}

    /** The letter of a byte, 0 to 255. */
    static char letter(int value) {
        return LETTERS[value];
    }

    /** The bytes that a piece spells. A piece with a character that is not a letter, as an added token may have, is plain text. */
    static byte[] bytes(String piece) {
        var bytes = new byte[piece.length()];
        for (int i = 0; i < bytes.length; i++) {
            char letter = piece.charAt(i);
            if (letter >= BYTES.length || BYTES[letter] < 0) {
                return piece.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) BYTES[letter];
        }
        return bytes;
    }

    private static char[] letters() {
        var letters = new char[256];
        char next = 0x100;
        for (int value = 0; value < letters.length; value++) {
            letters[value] = printsInLatin1(value) ? (char) value : next++;
        }
        return letters;
    }

    private static boolean printsInLatin1(int value) {
        return (value >= '!' && value <= '~') || (value >= 0xa1 && value != 0xad);
    }

    private static int[] bytesByLetter() {
        var bytes = new int[0x200];
        Arrays.fill(bytes, -1);
        for (int value = 0; value < LETTERS.length; value++) {
            bytes[LETTERS[value]] = value;
        }
        return bytes;
    }
}
