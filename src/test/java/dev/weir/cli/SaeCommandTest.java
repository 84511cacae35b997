package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.sae.SaeFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SaeCommandTest {

    @TempDir
    Path folder;

    private String model = "";
    private String sae = "";

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.in(folder).toString();
        sae = new SaeFolder("topk", "blocks.0.hook_resid_post", TinyModel.WIDTH, 40, 5)
                .write(folder.resolve("sae"))
                .toString();
    }

    private Terminal.Result sae(String... arguments) {
        var all = new ArrayList<>(List.of("sae", "--model", model, "--sae", sae));
        all.addAll(List.of(arguments));
        return weir(all.toArray(String[]::new));
    }

    @Test
    void everyTokenHasItsStrongestFeatures() {
        Terminal.Result result = sae("Tom", "--top", "2");
        assertEquals(0, result.code(), result.err());
        List<String> lines = result.out().lines().toList();
        assertEquals("blocks.0.hook_resid_post   topk, 40 features of 30 values", lines.getFirst());
        assertTrue(lines.get(3).matches(" *0 +T +\\d+ +#\\d+ +\\d\\.\\d+ +#\\d+ +\\d\\.\\d+"), result.out());
        assertTrue(result.out().contains("loss of the next token: "), result.out());
    }

    @Test
    void aProgramGetsTheFeaturesToo() {
        JsonNode reading = sae("Tom", "--top", "3", "--json").json().at("/prompts/0");
        assertEquals(3, reading.at("/features").size());
        assertTrue(reading.at("/features/1").size() <= 3);
        assertTrue(reading.at("/active").doubleValue() <= 4);
        assertTrue(reading.at("/loss").doubleValue() > 0);
        assertTrue(reading.at("/explained").doubleValue() < 1);
    }

    private String text(String... arguments) {
        var all = new ArrayList<>(List.of("Tom", "--seed", "5", "--max-new-tokens", "20", "--json"));
        all.addAll(List.of(arguments));
        Terminal.Result result = sae(all.toArray(String[]::new));
        assertEquals(0, result.code(), result.err());
        return result.json().at("/generations/0/tokens").toString();
    }

    @Test
    void textIsGeneratedWithFeaturesChanged() {
        String plain = weir("generate", "Tom", "--model", model, "--seed", "5", "--max-new-tokens", "20", "--json")
                .json()
                .at("/generations/0/tokens")
                .toString();
        assertEquals(plain, text("--scale", "3*1"), "a factor of 1 changes nothing");
        assertNotEquals(plain, text("--add", "3*90"));
        assertNotEquals(plain, text("--reconstruct"));
        assertNotEquals(text("--reconstruct"), text("--reconstruct", "--add", "3*90", "--scale", "7*0"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Tom --scale 3 | --scale '3': expected a feature and a number such as 17*2.5
            Tom --add x*2 | --add 'x*2': expected a feature and a number such as 17*2.5
            Tom --scale 40*2 | feature: expected from 0 to 39, got 40
            Tom --add 40*2 | feature: expected from 0 to 39, got 40
            Tom --top 0 | --top: expected above zero, got 0
            Tom --sae nowhere | --sae 'nowhere': expected a folder with a cfg.json, got nothing there
            --json | prompt: expected one of PROMPT
            """)
    void badInputIsOneLine(String arguments, String message) {
        List<String> words = List.of(arguments.split(" "));
        Terminal.Result result = words.contains("--sae")
                ? weir("sae", "Tom", "--model", model, "--sae", "nowhere")
                : sae(words.toArray(String[]::new));
        assertEquals(2, result.code(), result.err());
        assertTrue(result.err().startsWith("weir: " + message), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
    }

    @Test
    void anAutoencoderIsLearnedAndUsed() {
        String out = folder.resolve("learned").toString();
        Terminal.Result learned = weir(
                "train-sae",
                "--model",
                model,
                "--hook",
                "blocks.1.attn.hook_z",
                "--features",
                "20",
                "--k",
                "3",
                "--tokens",
                "300",
                "--epochs",
                "2",
                "--out",
                out);
        assertEquals(0, learned.code(), learned.err());
        assertTrue(learned.out().startsWith(out + " with 20 features, 3 a token, explains "), learned.out());
        Terminal.Result used = weir("sae", "Tom", "--model", model, "--sae", out);
        assertEquals(0, used.code(), used.err());
        Terminal.Result refused = weir("train-sae", "--model", model, "--hook", "blocks.7.hook_mlp_out", "--out", out);
        assertEquals(2, refused.code(), refused.err());
        assertEquals(1, refused.err().lines().count(), refused.err());
    }
}
