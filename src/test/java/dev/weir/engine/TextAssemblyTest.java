package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextAssemblyTest {

    private static Tokenizer letters(Path folder) throws IOException {
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0, \"b\": 1, \"c\": 2}");
        return Tokenizer.open(folder).orElseThrow();
    }

    @Property(tries = 500)
    void theTextEndsBeforeTheFirstStopAndNoPieceIsTakenBack(
            @ForAll @CharRange(from = 'a', to = 'c') @StringLength(max = 30) String text,
            @ForAll @Size(max = 3) List<@CharRange(from = 'a', to = 'c') @StringLength(min = 1, max = 4) String> stops)
            throws IOException {
        Path folder = Files.createTempDirectory("letters");
        try (Tokenizer tokenizer = letters(folder)) {
            var assembly = new TextAssembly(tokenizer, stops);
            var pieces = new StringBuilder();
            int end = 0;
            while (end < text.length() && !assembly.isStopped()) {
                pieces.append(assembly.append(text.charAt(end++) - 'a'));
            }
            String read = text.substring(0, end);
            boolean stopped = stops.stream().anyMatch(read::contains);
            assertEquals(stopped, assembly.isStopped());
            pieces.append(assembly.finish());
            int cut = stops.stream()
                    .mapToInt(read::indexOf)
                    .filter(at -> at >= 0)
                    .min()
                    .orElse(end);
            assertEquals(read.substring(0, cut), pieces.toString());
            assertEquals(pieces.toString(), assembly.text());
        } finally {
            Files.delete(folder.resolve("vocab.json"));
            Files.delete(folder);
        }
    }

    @Test
    void aRowOfThePaddedEmbeddingWritesNothing(@TempDir Path folder) throws IOException {
        try (Tokenizer tokenizer = letters(folder)) {
            var assembly = new TextAssembly(tokenizer, List.of());
            assertEquals("a", assembly.append(0));
            assertEquals("", assembly.append(77));
            assertEquals("c", assembly.append(2));
            assertFalse(assembly.isStopped());
            assertTrue(assembly.finish().isEmpty());
        }
    }
}
