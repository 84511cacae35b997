package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.corpus.CorpusDump;
import dev.weir.hook.HookPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DumpCommandTest {

    private static final String LONG = "a".repeat(TinyModel.CONTEXT + 6);

    @TempDir
    Path folder;

    private String model = "";

    @BeforeEach
    void writeModel() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    private Path file(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines));
    }

    private Terminal.Result dump(Path prompts, String... more) {
        var arguments = new ArrayList<>(List.of(
                "dump",
                "--model",
                model,
                "--device",
                "cpu",
                "--prompts",
                prompts.toString(),
                "--out",
                folder + "/out"));
        arguments.addAll(List.of(more));
        return weir(arguments.toArray(String[]::new));
    }

    private List<Integer> tokens() throws IOException {
        var tokens = new ArrayList<Integer>();
        CorpusDump.open(folder.resolve("out"))
                .forEachRow(HookPoint.named("blocks.0.hook_resid_post"), row -> tokens.add(row.token()));
        return tokens;
    }

    @Test
    void aTextFileAndAJsonFileSayTheSame() throws IOException {
        Terminal.Result result = dump(file("p.txt", "ab", "", " c"), "--hooks", "resid_post.0");
        assertEquals(0, result.code(), result.err());
        assertTrue(result.err().startsWith("dumping 1 point of 2 prompts (4 tokens): "), result.err());
        List<Integer> fromText = tokens();
        assertEquals(4, fromText.size());
        Path json = file("p.jsonl", "{\"prompt\": \"ab\"}", "{\"token_ids\": [2, 69]}");
        Terminal.Result again = dump(json, "--hooks", "resid_post.0", "--json");
        assertEquals(0, again.code(), again.err());
        assertTrue(again.err().contains("going on: 1 of 1 shard were there"), again.err());
        assertEquals(fromText, tokens());
        assertEquals(4, again.json().path("rows").asInt());
        assertEquals(
                Files.size(folder.resolve("out/manifest.json"))
                        + Files.size(folder.resolve("out/shard-00000-of-00001.safetensors")),
                again.json().path("bytes").asLong());
    }

    @Test
    void aPromptThatIsTooLongIsRefusedWithItsLineOrCut() throws IOException {
        Path prompts = file("p.txt", "ab", "", LONG);
        Terminal.Result refused = dump(prompts, "--hooks", "resid_post.0");
        assertEquals(2, refused.code());
        assertEquals(
                "weir: " + prompts + " line 3: expected at most the 24 positions of the model's context, got 30 tokens;"
                        + " --truncate keeps the first\n",
                refused.err());
        assertFalse(Files.exists(folder.resolve("out")));
        Terminal.Result cut = dump(prompts, "--hooks", "resid_post.0", "--truncate");
        assertEquals(0, cut.code(), cut.err());
        assertTrue(cut.err().startsWith("1 prompt cut to the 24 positions of the model's context\n"), cut.err());
        assertEquals(2 + TinyModel.CONTEXT, tokens().size());
    }

    @Test
    void aPromptThatCannotBeEncodedIsNamed() throws IOException {
        Path prompts = file("p.jsonl", "{\"prompt\": \"ab\"}", "{\"token_ids\": [5, 97]}");
        Terminal.Result refused = dump(prompts, "--hooks", "resid_post.0");
        assertEquals(2, refused.code());
        assertEquals(
                "weir: " + prompts + " line 2: token id 97: expected one below the vocabulary size 97\n",
                refused.err());
    }

    @Test
    void otherOptionsInTheSameFolderAreOneLine() throws IOException {
        Path prompts = file("p.txt", "ab");
        assertEquals(0, dump(prompts, "--hooks", "resid_post.0").code());
        Terminal.Result refused = dump(prompts, "--hooks", "resid_post.0", "--trace-dtype", "float16");
        assertEquals(2, refused.code());
        assertTrue(
                refused.err().endsWith("out: expected dtype float32, with which this dump was begun, got float16\n"),
                refused.err());
    }

    @Test
    void aDumpBecomesArraysAndADataset() throws IOException {
        assertEquals(
                0,
                dump(file("p.txt", "abcdef", "ghijklm"), "--hooks", "resid_post.0")
                        .code());
        Terminal.Result npy = weir("export", folder + "/out", "--format", "npy", "--out", folder + "/npy");
        assertEquals("13 rows in " + folder + "/npy\n", npy.err());
        assertTrue(Files.exists(folder.resolve("npy/blocks.0.hook_resid_post.npy")));
        Terminal.Result arrow =
                weir("export", folder + "/out", "--format", "arrow", "--block", "5", "--out", folder + "/arrow");
        assertEquals(
                "2 examples of 10 rows in " + folder + "/arrow; the last 3 rows did not fill a block\n", arrow.err());
        assertTrue(Files.exists(folder.resolve("arrow/dataset_info.json")));
    }

    @Test
    void anExportThatMakesNoSenseIsRefused() throws IOException {
        assertEquals(0, dump(file("p.txt", "abcdef"), "--hooks", "resid_post.0").code());
        String out = folder + "/elsewhere";
        assertRefused(
                "weir: Invalid value for option '--format': 'csv': expected arrow or npy",
                "export",
                folder + "/out",
                "--format",
                "csv",
                "--out",
                out);
        assertRefused(
                "weir: --block: expected with --format arrow only, got npy",
                "export",
                folder + "/out",
                "--format",
                "npy",
                "--block",
                "5",
                "--out",
                out);
        assertRefused(
                "weir: " + folder + ": expected a dump, with a manifest.json, got none",
                "export",
                folder.toString(),
                "--format",
                "npy",
                "--out",
                out);
        assertFalse(Files.exists(Path.of(out)));
    }

    private static void assertRefused(String beginning, String... arguments) {
        Terminal.Result result = weir(arguments);
        assertEquals(2, result.code());
        assertTrue(result.err().startsWith(beginning), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
    }
}
