package dev.weir.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever a config holds, it is a config, or an error in one line. */
class ConfigFuzzTest {

    private static final String VALID = """
            {"model_type": "gpt2", "vocab_size": 27, "n_positions": 16, "n_embd": 64, "n_layer": 3, "n_head": 4, "n_inner": null,
             "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "scale_attn_weights": true, "pruned_heads": {},
             "tie_word_embeddings": false, "eos_token_id": [0, 26], "bos_token_id": 0, "do_sample": true, "temperature": 0.7,
             "top_k": 40, "top_p": 0.9, "min_p": 0.05, "repetition_penalty": 1.1, "max_new_tokens": 20}
            """;

    private static Path folder = Path.of("");

    @BeforeContainer
    static void makeFolder() throws IOException {
        folder = Files.createTempDirectory("weir-config");
    }

    @AfterContainer
    static void deleteFolder() throws IOException {
        Files.deleteIfExists(folder.resolve("generation_config.json"));
        Files.delete(folder);
    }

    private static void readOrRefuse(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("generation_config.json"), bytes);
        try {
            JsonFile json = JsonFile.read(file);
            GenerationConfigFile.read(folder, json);
            Gpt2ConfigFile.of(json);
        } catch (CheckpointException refused) {
            assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
            assertEquals(file, refused.file());
        }
    }

    @Property(tries = 300)
    void flippedBytesAreReadOrRefused(@ForAll Random random, @ForAll @IntRange(min = 1, max = 5) int flips)
            throws IOException {
        byte[] bytes = VALID.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < flips; i++) {
            bytes[random.nextInt(bytes.length)] =
                    (byte) (random.nextBoolean() ? random.nextInt(256) : '0' + random.nextInt(10));
        }
        readOrRefuse(bytes);
    }

    @Property(tries = 300)
    void valuesInOneAnothersPlaceAreReadOrRefused(@ForAll Random random) throws IOException {
        String[] members = VALID.strip().split(",\\s*\"", -1);
        int to = random.nextInt(members.length - 1);
        String from = members[random.nextInt(members.length - 1)];
        members[to] = members[to].substring(0, members[to].indexOf(':')) + from.substring(from.indexOf(':'));
        readOrRefuse(String.join(", \"", members).getBytes(StandardCharsets.UTF_8));
    }

    @Property(tries = 50)
    void truncationsAreRefused(@ForAll Random random) throws IOException {
        readOrRefuse(VALID.substring(0, random.nextInt(VALID.length())).getBytes(StandardCharsets.UTF_8));
    }
}
