package dev.weir.tokenizer;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** GPT-2's real tokenizer, opened once for all tests, and texts with the tokens that others give them. */
final class Gpt2 {

    static final int END_OF_TEXT = 50256;

    /** An entry of the JSON files beside the vocabulary. */
    record Example(
            String prompt,
            String text,
            List<String> tokens,
            @JsonProperty("token_ids") int[] ids) {}

    private static final class Opened {
        static final Tokenizer TOKENIZER = open();
    }

    private Gpt2() {}

    static Tokenizer tokenizer() {
        return Opened.TOKENIZER;
    }

    /** Writes {@code vocab.json} and {@code merges.txt}. */
    static void unpackInto(Path folder) throws IOException {
        for (String name : List.of("vocab.json", "merges.txt")) {
            try (InputStream packed = new GZIPInputStream(resource(name + ".gz"))) {
                Files.copy(packed, folder.resolve(name));
            }
        }
    }

    static List<Example> examples(String name) {
        try (InputStream json = resource(name)) {
            return List.of(new ObjectMapper().readValue(json, Example[].class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Tokenizer open() {
        try {
            Path folder = Files.createTempDirectory("gpt2-");
            try {
                unpackInto(folder);
                return Tokenizer.open(folder).orElseThrow();
            } finally {
                Files.delete(folder.resolve("vocab.json"));
                Files.delete(folder.resolve("merges.txt"));
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream resource(String name) {
        return Gpt2.class.getResourceAsStream("/gpt2-tokenizer/" + name);
    }
}
