package dev.weir.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationConfigFileTest {

    @TempDir
    Path folder;

    @BeforeEach
    void writeConfig() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\": 7}");
    }

    private GenerationConfig read() throws IOException {
        return GenerationConfigFile.read(folder, JsonFile.read(folder.resolve("config.json")));
    }

    private GenerationConfig read(String json) throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), json);
        return read();
    }

    @Test
    void everyFieldIsRead() throws IOException {
        assertEquals(
                new GenerationConfig(true, 0.5f, 40, 0.9f, 0.05f, 1.1f, OptionalInt.of(20), List.of(3, 5)), read("""
                        {"do_sample": true, "temperature": 0.5, "top_k": 40, "top_p": 0.9, "min_p": 0.05, "max_new_tokens": 20,
                         "repetition_penalty": 1.1, "eos_token_id": [3, 5], "bos_token_id": 1, "transformers_version": "4.40.0"}"""));
    }

    @Test
    void whatIsAbsentIsHuggingFacesDefault() throws IOException {
        assertEquals(GenerationConfig.DEFAULT, read("{}"));
        assertEquals(GenerationConfig.DEFAULT, read("{\"min_p\": null, \"eos_token_id\": null}"));
    }

    @Test
    void withoutAFileTheTokensAreThoseOfTheConfig() throws IOException {
        var generation = read();
        assertEquals(List.of(7), generation.endOfText());
        assertEquals(50, generation.topK());
    }

    @Test
    void oneTokenMayEndATextOrSeveral() throws IOException {
        assertEquals(List.of(3), read("{\"eos_token_id\": 3}").endOfText());
        assertEquals(List.of(), read("{\"eos_token_id\": []}").endOfText());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "temperature | -1",
                "temperature | \"hot\"",
                "temperature | 1e99",
                "top_k | -1",
                "top_k | 1.5",
                "top_p | 1.1",
                "top_p | -0.1",
                "min_p | 2",
                "repetition_penalty | 0",
                "max_new_tokens | 0",
                "eos_token_id | -1",
                "eos_token_id | [1, \"a\"]",
                "eos_token_id | [[1]]",
                "eos_token_id | {}",
                "do_sample | 1"
            })
    void aValueOutOfRangeIsRefusedByName(String field, String value) {
        var refused = assertThrows(CheckpointException.class, () -> read("{\"" + field + "\": " + value + "}"));
        assertTrue(
                refused.getMessage().contains("generation_config.json: " + field + ": expected "),
                refused.getMessage());
        assertEquals(1, refused.getMessage().lines().count());
    }
}
