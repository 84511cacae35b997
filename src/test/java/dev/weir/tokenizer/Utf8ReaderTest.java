package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Utf8ReaderTest {

    /** Tables 3-8 to 3-11 of the Unicode Standard, with X for each U+FFFD, and the limits of table 3-7. */
    @ParameterizedTest
    @CsvSource({
        "c0af e080bf f08182 41, XXXXXXXXA",
        "eda080 edbfbf edaf 41, XXXXXXXXA",
        "f4919293 ff 41 80bf 42, XXXXXAXXB",
        "e180 e2 f09192 f1bf 41, XXXXA",
        "e282 e282ac, X€",
        "e09fbf eda080 f08fbfbf f4908080 c1bf f5, XXXXXXXXXXXXXXXXX",
        "e0a080 ed9fbf ee8080 f0908080 f48fbfbf, \u0800\ud7ff\ue000\ud800\udc00\udbff\udfff",
        "7f c280 dfbf, \u007f\u0080\u07ff",
        "f09f98, X",
    })
    void brokenBytesAreReplacedAsTheStandardRecommends(String hex, String expected) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        assertEquals(expected.replace('X', PlainText.REPLACEMENT), read(bytes, bytes.length));
    }

    @Property
    void textIsReadAsJavaWritesIt(@ForAll("texts") String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertEquals(text, read(bytes, bytes.length));
    }

    @Property
    void itDoesNotMatterWhereBytesAreCut(@ForAll("bytes") byte[] bytes, @ForAll @IntRange(max = 40) int cut) {
        assertEquals(read(bytes, bytes.length), read(bytes, Math.min(cut, bytes.length)));
    }

    @Test
    void everyCharacterIsRead() {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
                byte[] bytes = Character.toString(c).getBytes(StandardCharsets.UTF_8);
                assertEquals(c, read(bytes, 1).codePointAt(0));
            }
        }
    }

    @Provide
    Arbitrary<String> texts() {
        return Texts.any();
    }

    @Provide
    Arbitrary<byte[]> bytes() {
        Arbitrary<Byte> likelyParts = Arbitraries.of((byte) 0xe2, (byte) 0x82, (byte) 0xac, (byte) 0xf0, (byte) 0x9f);
        return Arbitraries.oneOf(Arbitraries.bytes(), likelyParts)
                .array(byte[].class)
                .ofMaxSize(40);
    }

    private static String read(byte[] bytes, int cut) {
        var text = new PlainText();
        var reader = new Utf8Reader(text);
        reader.read(Arrays.copyOf(bytes, cut));
        reader.read(Arrays.copyOfRange(bytes, cut, bytes.length));
        reader.finish();
        return text.take();
    }
}
