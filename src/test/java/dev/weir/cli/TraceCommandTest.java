package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.dump.Dump;
import dev.weir.engine.Weir;
import dev.weir.hook.Trace;
import dev.weir.lens.StreamPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceCommandTest {

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    @Test
    void theTableHasARowForEachLayerAndFitsAHundredColumns() {
        Terminal.Result result = weir("trace", "Once upon a time", "--model", model);
        assertEquals(0, result.code(), result.err());
        List<String> lines = result.out().lines().toList();
        assertTrue(lines.getFirst().startsWith("Once upon a time"), result.out());
        for (String start : List.of("layer  stream", "embed", "    0  ", "    1  ")) {
            assertEquals(
                    1, lines.stream().filter(line -> line.startsWith(start)).count(), start + " in\n" + result.out());
        }
        lines.forEach(line -> assertTrue(Lines.width(line) <= 100, line));
        assertFalse(result.out().contains("\u001b"));
        assertTrue(new Terminal()
                .watched()
                .run("trace", "Once", "--model", model)
                .out()
                .contains("\u001b"));
    }

    @Test
    void theJsonAgreesWithTheEngine() throws IOException {
        JsonNode reading = weir("trace", "Once", "--model", model, "--position", "1", "--json")
                .json()
                .at("/prompts/0");
        assertEquals(1, reading.at("/position").intValue());
        assertEquals(4, reading.at("/tokens").size());
        assertEquals("embed", reading.at("/layers/0/layer").textValue());
        assertEquals(1 + TinyModel.LAYERS, reading.at("/layers").size());
        try (Weir weir = Weir.open(Path.of(model))) {
            Trace trace = weir.trace("Once", "resid_post,attn_out,mlp_out");
            for (int layer = 0; layer < TinyModel.LAYERS; layer++) {
                JsonNode row = reading.at("/layers/" + (layer + 1));
                assertEquals(
                        norm(trace, layer, "hook_resid_post"), row.at("/norm").doubleValue());
                assertEquals(
                        norm(trace, layer, "hook_attn_out"),
                        row.at("/attention_norm").doubleValue());
                assertEquals(
                        norm(trace, layer, "hook_mlp_out"), row.at("/mlp_norm").doubleValue());
                assertTrue(Math.abs(row.at("/cosine").doubleValue()) <= 1 + 1e-12);
                assertEquals(3, row.at("/next").size());
            }
        }
    }

    private static double norm(Trace trace, int layer, String site) {
        return StreamPath.norm(trace.get("blocks." + layer + "." + site).row(0, 1));
    }

    @Test
    void theLensAtTheLastLayerSaysWhatTheModelSays() {
        JsonNode last = weir("trace", "Once", "--model", model, "--json").json().at("/prompts/0/layers/2/next/0");
        JsonNode said = weir("generate", "Once", "--model", model, "--greedy", "--max-new-tokens", "1", "--json")
                .json()
                .at("/generations/0/tokens/0");
        assertEquals(said, last.at("/token"));
        assertTrue(last.at("/probability").doubleValue() > 1.0 / TinyModel.VOCABULARY);
    }

    @Test
    void theFileHasWhatWasAskedForAndTheTableIsThereAllTheSame() throws IOException {
        Path file = folder.resolve("z.safetensors");
        Terminal.Result result = weir(
                "trace",
                "Once",
                "--model",
                model,
                "--hooks",
                "z@last,blocks.0.hook_resid_post",
                "--out",
                file.toString());
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("embed"));
        assertTrue(result.err().contains("3 points in " + file), result.err());
        try (Dump dump = Dump.open(file);
                Weir weir = Weir.open(Path.of(model))) {
            assertEquals(3, dump.points().size());
            assertEquals(
                    List.of(1, 1, 3, 10),
                    dump.trace().get("blocks.1.attn.hook_z").shape());
            assertArrayEquals(
                    weir.trace("Once", "resid_post.0")
                            .get("blocks.0.hook_resid_post")
                            .data(),
                    dump.trace().get("blocks.0.hook_resid_post").data());
        }
    }

    @Test
    void withoutASelectorTheFileHasTheResidualPoints() throws IOException {
        Path file = folder.resolve("residual.safetensors");
        JsonNode report = weir(
                        "trace",
                        "Once",
                        "--model",
                        model,
                        "--out",
                        file.toString(),
                        "--trace-dtype",
                        "bfloat16",
                        "--json")
                .json();
        assertEquals(3 * TinyModel.LAYERS, report.at("/trace/points").intValue());
        assertEquals("bfloat16", report.at("/trace/dtype").textValue());
        assertEquals(4, report.at("/forward_rows").intValue(), "one pass for both the table and the file");
    }

    @Test
    void promptsOfSeveralLengthsEachHaveATable() throws IOException {
        Path file = folder.resolve("prompts.jsonl");
        Files.writeString(file, "{\"prompt\": \"A\"}\n{\"prompt\": \"Once\"}\n");
        JsonNode prompts = weir("trace", "--prompts", file.toString(), "--model", model, "--json")
                .json()
                .at("/prompts");
        assertEquals(2, prompts.size());
        assertEquals(0, prompts.at("/0/position").intValue());
        assertEquals(3, prompts.at("/1/position").intValue());
        JsonNode alone = weir("trace", "A", "--model", model, "--json").json().at("/prompts/0");
        assertEquals(alone, prompts.at("/0"));
    }
}
