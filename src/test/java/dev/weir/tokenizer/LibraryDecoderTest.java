package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Our decoders against the library's. */
class LibraryDecoderTest {

    @Property(tries = 500)
    void ourByteLevelTextIsTheLibrarys(@ForAll("smallVocabulary") int[] ids) throws IOException {
        try (NativeTokenizer library = library("byte_level.json");
                Tokenizer ours = tokenizer("byte_level.json")) {
            assertEquals(library.decode(ids), ours.decode(ids));
        }
    }

    @Property(tries = 200)
    void theStreamedTextIsTheLibrarys(@ForAll("smallVocabulary") int[] ids) throws IOException {
        try (Tokenizer fallback = tokenizer("byte_fallback.json")) {
            assertEquals(fallback.decode(ids), String.join("", StreamingDecoderTest.pieces(fallback, ids)));
        }
    }

    @Provide
    Arbitrary<int[]> smallVocabulary() {
        Arbitrary<Integer> any = Arbitraries.integers().between(0, 273);
        return any.array(int[].class).ofMaxSize(40);
    }

    private static Tokenizer tokenizer(String name) throws IOException {
        Path file = Path.of(name);
        return TokenizerJson.open(file, JsonFile.object(file, json(name)), json(name));
    }

    private static NativeTokenizer library(String name) throws IOException {
        return NativeTokenizer.of(Path.of(name), json(name));
    }

    private static String json(String name) throws IOException {
        try (InputStream json = LibraryDecoderTest.class.getResourceAsStream("/tokenizer/" + name)) {
            return new String(json.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
