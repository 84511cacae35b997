package dev.weir.hook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpanTest {

    @Test
    void negativePositionsAreCountedFromThePromptsEnd() {
        assertEquals(new Span(4, 5, false), Span.at(-1).within(5));
        assertEquals(new Span(3, Span.END, false), Span.from(-2).within(5));
        assertEquals(new Span(2, 4, false), Span.between(-3, -1).within(5));
        assertEquals(new Span(3, 5, false), Span.between(-2, 0).within(5));
        assertEquals(new Span(5, Span.END, false), Span.GENERATED.within(5));
        assertEquals(new Span(0, 1, false), Span.at(-5).within(5), "the first");
    }

    @Test
    void otherPositionsAreWhatTheyAre() {
        for (Span span : new Span[] {Span.ALL, Span.NEVER, Span.at(3), Span.from(7), Span.between(2, 2)}) {
            assertEquals(span, span.within(1));
        }
    }

    @Test
    void aSpanHoldsItsFirstPositionAndNotItsEnd() {
        Span span = Span.between(2, 4);
        assertFalse(span.contains(1));
        assertTrue(span.contains(2));
        assertTrue(span.contains(3));
        assertFalse(span.contains(4));
        assertTrue(Span.ALL.contains(Integer.MAX_VALUE - 1));
        assertFalse(Span.NEVER.contains(0));
    }

    @ParameterizedTest
    @CsvSource({"0,4,all", "2,2,never", "3,3,3", "-1,-1,-1", "-3,-2,-3..-2", "5,9,5..9"})
    void itReadsAsItIsWritten(int first, int last, String text) {
        Span span =
                switch (text) {
                    case "all" -> Span.ALL;
                    case "never" -> Span.between(first, last);
                    default -> Span.between(first, last + 1);
                };
        assertEquals(text, span.toString());
    }

    @Test
    void anOpenEndReadsAsTwoDots() {
        assertEquals("-1..", Span.from(-1).toString());
        assertEquals("4..", Span.from(4).toString());
        assertEquals("+0..", Span.GENERATED.toString());
    }

    @Test
    void positionsThatAreNoneAreRefused() {
        assertRefused("edit positions: expected 0 <= from <= to, got from 3 to 2", () -> Span.between(3, 2));
        assertRefused("got from 3 to -1", () -> Span.between(3, -1));
        assertRefused("got from -1 to 2", () -> Span.between(-1, 2));
        assertRefused("got from -1 to -2", () -> Span.between(-1, -2));
        assertRefused("edit position -6: expected from -5 on, for the prompt has 5 tokens", () -> Span.at(-6)
                .within(5));
        assertRefused("for the prompt has 1 token", () -> Span.from(-2).within(1));
    }

    private static void assertRefused(String part, Runnable action) {
        var e = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }
}
