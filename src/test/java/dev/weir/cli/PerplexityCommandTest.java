package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerplexityCommandTest {

    @TempDir
    static Path folder;

    private static String model;

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    @Test
    void textsArePredictedAsOne() throws IOException {
        Path prompts = folder.resolve("prompts.txt");
        Files.writeString(prompts, "Once upon a time\nOnce\n");
        JsonNode both = weir("perplexity", "--prompts", prompts.toString(), "--model", model, "--json")
                .json();
        JsonNode long_ = weir("perplexity", "Once upon a time", "--model", model, "--json")
                .json();
        assertEquals(2, both.get("texts").asInt());
        assertEquals(20, both.get("bytes").asInt());
        assertTrue(both.get("tokens").asInt() > long_.get("tokens").asInt());
        double bits =
                both.get("tokens").asInt() * Math.log(both.get("perplexity").asDouble()) / Math.log(2) / 20;
        assertEquals(bits, both.get("bits_per_byte").asDouble(), 1e-9);
    }

    @Test
    void int8PredictsAlmostAsWell() {
        JsonNode wide = weir("perplexity", "Once upon a time", "--model", model, "--json")
                .json();
        JsonNode narrow = weir("perplexity", "Once upon a time", "--model", model, "--dtype", "int8", "--json")
                .json();
        assertEquals("int8", narrow.get("dtype").asText());
        double exact = wide.get("perplexity").asDouble();
        assertFalse(exact == narrow.get("perplexity").asDouble());
        assertEquals(exact, narrow.get("perplexity").asDouble(), 0.05 * exact);
    }

    @Test
    void aPersonReadsThreeLines() {
        Terminal.Result result = weir("perplexity", "--token-ids", "1,2,3,4", "--model", model);
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().startsWith("1 text, "), result.out());
        assertTrue(result.out().contains("perplexity "), result.out());
        assertFalse(result.out().contains("bits per byte"), "ids have no bytes");
    }
}
