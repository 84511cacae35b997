package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LensCommandTest {

    private static final String SWEEP = """
            {"title": "resid_pre", "rows": {"name": "layer", "labels": ["0"]}, "columns": {"name": "position", "labels": ["a", "b"]},
             "values": [[1, null]], "clean": 1, "corrupted": 0, "plans": 1}
            """;

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    @Test
    void threePicturesFitAHundredColumns() {
        Terminal.Result result = weir("lens", "Once upon a time", "--model", model);
        assertEquals(0, result.code(), result.err());
        List<String> lines = result.out().lines().toList();
        lines.forEach(line -> assertTrue(Lines.width(line) <= 100, line));
        for (String start :
                List.of("Once upon a time", "layer  ", "embed  ", "    1  ", "part  ", "What adds to the logit of ")) {
            assertTrue(lines.stream().anyMatch(line -> line.startsWith(start)), start + " in\n" + result.out());
        }
        assertFalse(result.out().contains("\u001b"));
        assertTrue(new Terminal()
                .watched()
                .run("lens", "Once", "--model", model)
                .out()
                .contains("\u001b"));
    }

    @Test
    void aPageIsWrittenWithItsSweeps() throws IOException {
        Path page = folder.resolve("page.html");
        Path sweep = Files.writeString(folder.resolve("sweep.json"), SWEEP);
        Terminal.Result result = weir(
                "lens", "--prompt", "Once", "--model", model, "--report", page.toString(), "--sweep", sweep.toString());
        assertEquals(0, result.code(), result.err());
        assertEquals("", result.out());
        assertTrue(result.err().contains("4 tokens in " + page), result.err());
        String html = Files.readString(page);
        assertTrue(html.startsWith("<!doctype html>") && html.contains("\"title\":\"resid_pre\""));
    }

    @Test
    void aDumpGivesThePictureOfItsPrompt() throws IOException {
        String dump = folder.resolve("dump.safetensors").toString();
        assertEquals(
                0,
                weir("trace", "Once", "--model", model, "--hooks", "*", "--out", dump)
                        .code());
        Terminal.Result fromDump = weir("lens", "--dump", dump, "--model", model);
        assertEquals(weir("lens", "Once", "--model", model).out(), fromDump.out(), fromDump.err());
    }

    @Test
    void theJsonSaysTheSame() {
        JsonNode json = weir("lens", "Once", "--model", model, "--position", "1", "--json")
                .json();
        assertEquals(1, json.at("/position").intValue());
        assertEquals(1 + TinyModel.LAYERS, json.at("/layers").size());
        assertEquals(5, json.at("/layers/0/next").size());
        assertTrue(json.at("/layers/1/follows/rank").isInt());
        assertFalse(json.at("/attribution/strongest").isEmpty());
    }

    @Test
    void whatCannotBeDoneIsSaidInOneLine() throws IOException {
        Path notJson = Files.writeString(folder.resolve("not.json"), "nothing");
        Path other = Files.writeString(folder.resolve("other.json"), "{}");
        Path sweep = Files.writeString(folder.resolve("good.json"), SWEEP);
        String page = folder.resolve("never.html").toString();
        String whole = folder.resolve("whole.safetensors").toString();
        String dump = folder.resolve("bare.safetensors").toString();
        assertEquals(
                0,
                weir("trace", "Once", "--model", model, "--hooks", "*", "--out", whole)
                        .code());
        assertEquals(
                0,
                weir("trace", "Once", "--model", model, "--hooks", "resid_post", "--out", dump)
                        .code());
        for (List<String> bad : List.of(
                List.of("lens", "--model", model),
                List.of("lens", "Once", "--model", model, "--position", "9"),
                List.of("lens", "Once", "--model", model, "--report", "/nowhere/at/all.html"),
                List.of("lens", "Once", "--model", model, "--report", page, "--sweep", notJson.toString()),
                List.of("lens", "Once", "--model", model, "--report", page, "--sweep", other.toString()),
                List.of("lens", "Once", "--model", model, "--report", page, "--sweep", "/nowhere/at/all.json"),
                List.of("lens", "Once", "--model", model, "--report", page, "--json"),
                List.of("lens", "Once", "--model", model, "--sweep", sweep.toString()),
                List.of("lens", "Once", "--model", model, "--sequence", "0"),
                List.of("lens", "Once", "--dump", whole, "--model", model),
                List.of("lens", "--dump", dump, "--model", model),
                List.of("lens", "--dump", dump, "--model", model, "--sequence", "3"))) {
            Terminal.Result result = weir(bad.toArray(String[]::new));
            assertEquals(2, result.code(), bad + ": " + result.err());
            assertEquals(1, result.err().lines().count(), result.err());
        }
        assertFalse(Files.exists(Path.of(page)));
    }
}
