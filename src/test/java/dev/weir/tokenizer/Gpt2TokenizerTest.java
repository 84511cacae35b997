package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class Gpt2TokenizerTest {

    private final Tokenizer gpt2 = Gpt2.tokenizer();

    static List<Gpt2.Example> prompts() {
        return Gpt2.examples("explainer_prompts.json");
    }

    static List<Gpt2.Example> trickyTexts() {
        return Gpt2.examples("tricky_texts.json");
    }

    @ParameterizedTest
    @MethodSource("prompts")
    void thePublishedPromptsHaveTheirTokens(Gpt2.Example example) {
        int[] ids = gpt2.encode(example.prompt());
        assertArrayEquals(example.ids(), ids);
        assertEquals(example.tokens(), Arrays.stream(ids).mapToObj(gpt2::token).toList());
        assertEquals(example.prompt(), gpt2.decode(ids));
    }

    @ParameterizedTest
    @MethodSource("trickyTexts")
    void trickyTextsHaveTheTokensThatPythonGivesThem(Gpt2.Example example) {
        assertArrayEquals(example.ids(), gpt2.encode(example.text()));
        assertEquals(example.text().replace("<|endoftext|>", ""), gpt2.decode(example.ids()));
    }

    @Property(tries = 500)
    void everyTextComesBack(@ForAll("texts") String text) {
        assertEquals(text, gpt2.decode(gpt2.encode(text)));
    }

    @Provide
    Arbitrary<String> texts() {
        return Texts.any();
    }

    @Test
    void theVocabularyIsWhole() {
        assertEquals(50257, gpt2.vocabularySize());
        assertEquals(Optional.of(Gpt2.END_OF_TEXT), gpt2.endOfText());
    }

    @Test
    void tokensAreReadable() {
        assertEquals(" the", gpt2.token(262));
        assertEquals("\\n", gpt2.token(198));
        assertEquals("\\\\", gpt2.token(59));
        assertEquals("\\x00", gpt2.token(188));
        assertEquals("\\xc3", gpt2.token(127));
        assertEquals(" \\xf0\\x9f\\x98", gpt2.token(30325));
        assertEquals("<|endoftext|>", gpt2.token(Gpt2.END_OF_TEXT));
    }

    @Test
    void aSpecialTokenWritesNothing() {
        assertEquals("ab", gpt2.decode(64, Gpt2.END_OF_TEXT, 65));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 50257, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anIdOutOfRangeIsRefusedByName(int id) {
        String message = "token id: expected 0 to 50256 for a vocabulary of 50257, got " + id;
        StreamingDecoder streaming = gpt2.streaming();
        assertEquals(message, refusal(() -> gpt2.decode(262, id)));
        assertEquals(message, refusal(() -> gpt2.token(id)));
        assertEquals(message, refusal(() -> streaming.append(id)));
    }

    @Test
    void halfACharacterIsRefused() {
        String message = "text at index 2: expected a character, got U+D83D, half of one";
        assertEquals(message, refusal(() -> gpt2.encode("ab\ud83d cd")));
        assertEquals(message.replace("D83D", "DE00"), refusal(() -> gpt2.encode("ab\ude00")));
    }

    private static String refusal(Executable call) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
