package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {

    /** GPT-2's tokens of one byte each, and then those of more. */
    private static final int SINGLE_BYTES = 256;

    private final Tokenizer gpt2 = Gpt2.tokenizer();

    @Property(tries = 500)
    void thePiecesOfAnyTokensAreTheirText(@ForAll("tokens") int[] ids) {
        assertEquals(gpt2.decode(ids), String.join("", pieces(gpt2, ids)));
    }

    @Property(tries = 500)
    void aCharacterIsNeverSplitOrReplaced(@ForAll("texts") String text) {
        List<String> pieces = pieces(gpt2, gpt2.encode(text));
        assertEquals(text, String.join("", pieces));
        for (String piece : pieces) {
            assertEquals(piece.codePoints().count(), wholeCharacters(piece), piece);
        }
        assertEquals("", pieces.getLast());
    }

    @Provide
    Arbitrary<int[]> tokens() {
        Arbitrary<Integer> bytes = Arbitraries.integers().between(0, SINGLE_BYTES - 1);
        Arbitrary<Integer> any = Arbitraries.integers().between(0, gpt2.vocabularySize() - 1);
        return Arbitraries.oneOf(bytes, any).array(int[].class).ofMaxSize(60);
    }

    @Provide
    Arbitrary<String> texts() {
        return Texts.any();
    }

    @Test
    void anEmojiComesWithTheLastOfItsTokens() {
        assertEquals(List.of("", "😀", ""), pieces(gpt2, gpt2.encode("😀")));
    }

    @Test
    void aSpecialTokenBetweenTheBytesOfACharacterDoesNotBreakIt() {
        int[] emoji = gpt2.encode("😀");
        assertEquals(List.of("", "", "😀", ""), pieces(gpt2, new int[] {emoji[0], Gpt2.END_OF_TEXT, emoji[1]}));
    }

    @Test
    void finishGivesUpOnAnUnfinishedCharacterAndBeginsAnew() {
        int[] emoji = gpt2.encode("😀");
        StreamingDecoder streaming = gpt2.streaming();
        assertEquals("", streaming.append(emoji[0]));
        assertEquals("\ufffd", streaming.finish());
        assertEquals("", streaming.finish());
        assertEquals("", streaming.append(emoji[0]));
        assertEquals("😀", streaming.append(emoji[1]));
    }

    @Test
    void aBrokenCharacterIsReplacedAsSoonAsItIsKnownToBeBroken() {
        int[] emoji = gpt2.encode("😀");
        assertEquals(List.of("", "\ufffda", ""), pieces(gpt2, new int[] {emoji[0], gpt2.encode("a")[0]}));
    }

    @Test
    void twoDecodersDoNotDisturbEachOther() {
        int[] emoji = gpt2.encode("😀");
        StreamingDecoder one = gpt2.streaming();
        StreamingDecoder other = gpt2.streaming();
        one.append(emoji[0]);
        assertEquals("a", other.append(gpt2.encode("a")[0]));
        assertEquals("😀", one.append(emoji[1]));
    }

    /** What each token returns, and then {@code finish}. */
    static List<String> pieces(Tokenizer tokenizer, int... ids) {
        StreamingDecoder streaming = tokenizer.streaming();
        var pieces = new ArrayList<String>();
        for (int id : ids) {
            pieces.add(streaming.append(id));
        }
        pieces.add(streaming.finish());
        assertFalse(pieces.contains(null));
        return pieces;
    }

    private static long wholeCharacters(String piece) {
        return piece.codePoints()
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .count();
    }
}
