package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ReadableTextTest {

    @Test
    void whatPrintsIsItself() {
        assertEquals(" the “naïve” 日本 😀", ReadableText.of(" the “naïve” 日本 😀"));
    }

    @Test
    void whatCannotBeSeenIsEscapedAsInPython() {
        assertEquals(
                "\\n\\r\\t\\\\\\x00\\x1b\\u0085\\u00a0\\u200b\\u202e\\u2028\\U000e0001",
                ReadableText.of("\n\r\t\\\0\u001b\u0085\u00a0\u200b\u202e\u2028\udb40\udc01"));
    }

    @Test
    void partsOfCharactersAreBytes() {
        assertEquals(
                "a\\xe2\\x82b\\xf0", ReadableText.of(new byte[] {'a', (byte) 0xe2, (byte) 0x82, 'b', (byte) 0xf0}));
    }

    @Test
    void aQuoteIsShort() {
        assertEquals("'a\\nb'", ReadableText.quoted("a\nb"));
        assertEquals("'" + "x".repeat(40) + "...'", ReadableText.quoted("x".repeat(1000)));
    }

    @Property
    void itIsAlwaysOneLine(@ForAll byte[] bytes) {
        assertTrue(ReadableText.of(bytes).chars().noneMatch(Character::isISOControl));
    }
}
