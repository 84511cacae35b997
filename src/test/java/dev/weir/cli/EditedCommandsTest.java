package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.dump.Dump;
import dev.weir.hook.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What edits do on the command line; what they mean is EditLanguageTest's, what a machine makes of them EditedValuesTest's. */
class EditedCommandsTest {

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    private static Trace trace(String prompt, String... more) throws IOException {
        Path file = folder.resolve("trace.safetensors");
        var arguments = new ArrayList<>(List.of("trace", prompt, "--model", model, "--hooks", "*"));
        arguments.addAll(List.of("--out", file.toString()));
        arguments.addAll(List.of(more));
        Terminal.Result result = weir(arguments.toArray(String[]::new));
        assertEquals(0, result.code(), result.err());
        try (Dump dump = Dump.open(file)) {
            return dump.trace();
        }
    }

    @Test
    void aSkippedBlockLeavesTheStreamUntouched() throws IOException {
        Trace skipped = trace("Once", "--edit", "blocks.1:skip");
        assertArrayEquals(
                skipped.get("blocks.1.hook_resid_pre").data(),
                skipped.get("blocks.1.hook_resid_post").data());
    }

    @Test
    void rowsOfATraceArePutBack() throws IOException {
        Path clean = folder.resolve("clean.safetensors");
        assertEquals(
                0,
                weir("trace", "Once", "--model", model, "--hooks", "resid_post.0", "--out", clean.toString())
                        .code());
        Trace patched = trace("Then", "--edit", "resid_post.0:replace=" + clean);
        assertArrayEquals(
                trace("Once").get("unembed.hook_out").data(),
                patched.get("unembed.hook_out").data(),
                "from there on it is the other prompt");
        Trace last = trace("Then", "--edit", "resid_post.0:replace=" + clean + "@-1");
        assertArrayEquals(
                patched.get("blocks.0.hook_resid_post").row(0, 3),
                last.get("blocks.0.hook_resid_post").row(0, 3));
        assertArrayEquals(
                trace("Then").get("blocks.1.hook_resid_post").row(0, 2),
                last.get("blocks.1.hook_resid_post").row(0, 2));
    }

    @Test
    void eachPromptHasItsOwnEdits() throws IOException {
        Path prompts = Files.writeString(folder.resolve("prompts.jsonl"), """
                {"prompt": "Once"}
                {"prompt": "Once", "edits": [{"at": "resid_post.1", "scale": -1}]}
                {"prompt": "Once", "edits": ["resid_post.1:scale=-1"]}
                """);
        JsonNode texts = weir("generate", "--prompts", prompts.toString(), "--model", model, "--greedy", "--json")
                .json()
                .at("/generations");
        JsonNode alone = weir("generate", "Once", "--model", model, "--greedy", "--json")
                .json()
                .at("/generations/0/tokens");
        assertEquals(alone, texts.at("/0/tokens"), "as without the others");
        assertNotEquals(alone, texts.at("/1/tokens"));
        assertEquals(texts.at("/1/tokens"), texts.at("/2/tokens"));
        Path file = Files.writeString(folder.resolve("edits.json"), "[\"resid_post.1:scale=-1\"]");
        assertEquals(
                texts.at("/1/tokens"),
                weir("generate", "Once", "--model", model, "--greedy", "--json", "--edits", file.toString())
                        .json()
                        .at("/generations/0/tokens"));
        assertEquals(
                alone,
                weir(
                                "generate",
                                "Once",
                                "--model",
                                model,
                                "--greedy",
                                "--json",
                                "--edits",
                                file.toString(),
                                "--edit",
                                "resid_post.1:scale=-1")
                        .json()
                        .at("/generations/0/tokens"),
                "one after the other");
    }

    @Test
    void thePlanShowsWhereEditsStandAndThatTheyDoNotCut() {
        Terminal.Result result =
                weir("plan", "--model", model, "--edit", "resid_mid.0:scale=0.5@-1", "--edit", "pattern.1:zero#2");
        List<String> edits =
                result.out().lines().filter(line -> line.endsWith(" edit")).toList();
        assertEquals(2, edits.size(), result.out());
        assertTrue(edits.getFirst().contains("blocks.0.hook_resid_mid"), edits.getFirst());
        assertTrue(edits.getLast().contains("blocks.1.attn.hook_pattern"), edits.getLast());
        assertTrue(result.out().contains("a graph would be cut nowhere"), result.out());
        JsonNode plan = weir("plan", "--model", model, "--edit", "resid_mid.0:scale=0.5", "--json")
                .json();
        assertEquals(0, plan.at("/cuts").intValue());
        assertEquals(
                1,
                plan.at("/steps/0/ops").findValues("edit").stream()
                        .filter(JsonNode::booleanValue)
                        .count());
    }
}
