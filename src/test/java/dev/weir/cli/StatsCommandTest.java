package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Weir;
import dev.weir.lens.StreamPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatsCommandTest {

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    @Test
    void theTablesFitAHundredColumns() {
        Terminal.Result result =
                weir("stats", "Once upon a time", "--model", model, "--pca", "blocks.1.hook_resid_post");
        assertEquals(0, result.code(), result.err());
        for (String start : List.of("layer  stream", "    0  ", "    1  ", "point ", "blocks.0.hook_resid_pre ")) {
            assertTrue(result.out().lines().anyMatch(line -> line.startsWith(start)), start + " in\n" + result.out());
        }
        assertTrue(result.out().contains("of blocks.1.hook_resid_post"));
        result.out().lines().forEach(line -> assertTrue(Lines.width(line) <= 100, line));
    }

    @Test
    void theJsonHasMeansOverTheTokensOfAllPrompts() throws IOException {
        Path prompts = folder.resolve("prompts.jsonl");
        Files.writeString(prompts, "{\"prompt\": \"A\"}\n{\"prompt\": \"Once\"}\n");
        JsonNode report = weir("stats", "--prompts", prompts.toString(), "--model", model, "--json")
                .json();
        assertEquals(TinyModel.LAYERS, report.at("/blocks").size());
        assertEquals(1 + TinyModel.LAYERS, report.at("/points").size());
        assertEquals(5, report.at("/points/0/rows").intValue());
        try (Weir weir = Weir.open(Path.of(model))) {
            var one = weir.trace("A", "attn_out.1").get("blocks.1.hook_attn_out");
            var four = weir.trace("Once", "attn_out.1").get("blocks.1.hook_attn_out");
            double sum = StreamPath.norm(one.row(0, 0))
                    + IntStream.range(0, 4)
                            .mapToDouble(p -> StreamPath.norm(four.row(0, p)))
                            .sum();
            assertEquals(sum / 5, report.at("/blocks/1/attention_norm").doubleValue(), 1e-9);
        }
    }

    @Test
    void aFileIsMeasuredWithoutAModel() {
        Path file = folder.resolve("stats.safetensors");
        weir("trace", "Once upon", "--model", model, "--hooks", "resid_post,pattern,z", "--out", file.toString());
        JsonNode all = weir("stats", "--dump", file.toString(), "--json").json();
        assertEquals(4, all.at("/points").size(), "patterns have no row for each token");
        assertEquals(0, all.at("/blocks").size());
        JsonNode ofFile = weir(
                        "stats",
                        "--dump",
                        file.toString(),
                        "--hooks",
                        "resid_post",
                        "--pca",
                        "blocks.1.hook_resid_post",
                        "--components",
                        "2",
                        "--json")
                .json();
        JsonNode ofPrompt = weir(
                        "stats",
                        "Once upon",
                        "--model",
                        model,
                        "--hooks",
                        "resid_post",
                        "--pca",
                        "blocks.1.hook_resid_post",
                        "--components",
                        "2",
                        "--json")
                .json();
        assertEquals(ofPrompt.at("/points"), ofFile.at("/points"));
        assertEquals(ofPrompt.at("/pca"), ofFile.at("/pca"));
        assertEquals(2, ofFile.at("/pca/components").size());
        assertEquals(TinyModel.WIDTH, ofFile.at("/pca/components/1/direction").size());
    }

    @Test
    void whatCannotBeIsRefusedInOneLine() {
        Path file = folder.resolve("refused.safetensors");
        weir("trace", "Once", "--model", model, "--hooks", "pattern", "--out", file.toString());
        for (String[] wrong : new String[][] {
            {"stats", "--model", model},
            {"stats", "Once", "--dump", file.toString()},
            {"stats", "Once", "--model", model, "--pca", "blocks.9.hook_resid_post"},
            {"stats", "A", "--model", model, "--pca", "blocks.0.hook_resid_post"},
            {"stats", "Once", "--model", model, "--hooks", "pattern"},
            {"stats", "Once", "--model", model, "--components", "0"},
            {"stats", "--dump", file.toString(), "--hooks", "resid_post"}
        }) {
            Terminal.Result result = weir(wrong);
            assertEquals(2, result.code(), String.join(" ", wrong) + result.out());
            assertEquals(1, result.err().lines().count(), result.err());
        }
    }
}
