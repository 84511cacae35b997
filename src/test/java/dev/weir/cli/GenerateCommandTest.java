package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.dump.Dump;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    private static JsonNode json(String... more) {
        var arguments = Stream.concat(Stream.of("generate", "--model", model, "--json"), Stream.of(more));
        Terminal.Result result = weir(arguments.toArray(String[]::new));
        assertEquals(0, result.code(), result.err());
        return result.json();
    }

    @Test
    void textGoesToStandardOutputAndFiguresToStandardError() {
        Terminal.Result result = weir("generate", "Once", "--model", model, "--greedy", "--max-new-tokens", "6");
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().startsWith("Once"), result.out());
        assertEquals(1, result.out().lines().count(), "the end of a line that the text does not end");
        assertTrue(result.err().contains("prefill 4 tokens at "), result.err());
        assertTrue(result.err().contains("9 rows through the model"), result.err());
        assertTrue(result.err().contains("tiny in float32 on CPU"), result.err());
    }

    @Test
    void jsonHasWhatAProgramNeeds() {
        JsonNode report = json("Once", "--greedy", "--max-new-tokens", "6");
        assertEquals("tiny", report.at("/model").textValue());
        assertEquals("float32", report.at("/dtype").textValue());
        assertTrue(report.at("/machine").textValue().startsWith("CPU"));
        assertEquals(6, report.at("/options/max_new_tokens").intValue());
        assertTrue(report.at("/options/greedy").booleanValue());
        assertTrue(report.at("/options/seed").isNull());
        JsonNode generation = report.at("/generations/0");
        assertEquals("Once", generation.at("/prompt").textValue());
        assertEquals(4, generation.at("/prompt_tokens").size());
        assertEquals('O' - ' ' + 2, generation.at("/prompt_tokens/0").intValue());
        assertFalse(generation.at("/text").isMissingNode());
        assertTrue(List.of("length", "end_of_text")
                .contains(generation.at("/finish_reason").textValue()));
        assertEquals(
                4 + generation.at("/tokens").size() - 1,
                report.at("/forward_rows").intValue());
        assertEquals(4, report.at("/timings/prefill_rows").intValue());
        assertTrue(report.at("/timings/decode_tokens_per_second").isNumber());
        assertTrue(report.at("/trace").isNull());
    }

    @Test
    void theTextStreamsWhatTheJsonReports() {
        String text = json("Once", "--seed", "3", "--max-new-tokens", "12")
                .at("/generations/0/text")
                .textValue();
        Terminal.Result streamed = weir("generate", "Once", "--model", model, "--seed", "3", "--max-new-tokens", "12");
        assertEquals("Once" + text + System.lineSeparator(), streamed.out());
    }

    @Test
    void theFourWaysToSayAPromptSayTheSame() throws IOException {
        Path file = folder.resolve("one.jsonl");
        Files.writeString(file, "{\"prompt\": \"Hi\"}\n");
        int h = 'H' - ' ' + 2;
        int i = 'i' - ' ' + 2;
        JsonNode expected = json("Hi", "--greedy").at("/generations/0/tokens");
        assertEquals(expected, json("--prompt", "Hi", "--greedy").at("/generations/0/tokens"));
        assertEquals(expected, json("--token-ids", h + "," + i, "--greedy").at("/generations/0/tokens"));
        assertEquals(expected, json("--prompts", file.toString(), "--greedy").at("/generations/0/tokens"));
    }

    @Test
    void manyPromptsComeInOrderEachAsAlone() throws IOException {
        Path file = folder.resolve("many.jsonl");
        Files.writeString(file, """
                {"prompt": "One"}

                {"token_ids": [5, 6, 7], "note": "of no concern"}
                {"prompt": "A longer one"}
                """);
        JsonNode together = json("--prompts", file.toString(), "--greedy", "--max-new-tokens", "5");
        assertEquals(3, together.at("/generations").size());
        assertEquals(
                json("One", "--greedy", "--max-new-tokens", "5").at("/generations/0"), together.at("/generations/0"));
        assertEquals(
                json("--token-ids", "5,6,7", "--greedy", "--max-new-tokens", "5")
                        .at("/generations/0"),
                together.at("/generations/1"));
        Terminal.Result printed =
                weir("generate", "--prompts", file.toString(), "--model", model, "--greedy", "--max-new-tokens", "5");
        Matcher headers = Pattern.compile("── (\\d) of 3 ──").matcher(printed.out());
        for (int number = 1; number <= 3; number++) {
            assertTrue(headers.find(), printed.out());
            assertEquals(String.valueOf(number), headers.group(1));
        }
        assertTrue(
                printed.out()
                        .contains("A longer one"
                                + together.at("/generations/2/text").textValue()),
                printed.out());
    }

    @Test
    void aSeedThatWasChosenIsToldAndRepeats() {
        Terminal.Result first =
                weir("generate", "Once", "--model", model, "--temperature", "1.5", "--max-new-tokens", "15");
        Matcher seed = Pattern.compile("--seed (\\d+)").matcher(first.err());
        assertTrue(seed.find(), first.err());
        Terminal.Result again = weir(
                "generate",
                "Once",
                "--model",
                model,
                "--temperature",
                "1.5",
                "--max-new-tokens",
                "15",
                "--seed",
                seed.group(1));
        assertEquals(first.out(), again.out());
        assertFalse(again.err().contains("--seed"), again.err());
        assertNotEquals(
                json("Once", "--seed", "1", "--max-new-tokens", "15").at("/generations"),
                json("Once", "--seed", "2", "--max-new-tokens", "15").at("/generations"));
    }

    @Test
    void samplingIsAsTheModelWantsItUnlessSaidOtherwise() throws IOException {
        Path other = Files.createDirectories(folder.resolve("with-defaults"));
        Path sampled = TinyModel.in(other);
        Files.writeString(
                sampled.resolve("generation_config.json"),
                "{\"do_sample\": true, \"temperature\": 0.5, \"top_k\": 7, \"max_new_tokens\": 3}");
        JsonNode options = weir("generate", "a", "--model", sampled.toString(), "--json", "--top-p", "0.9")
                .json()
                .at("/options");
        assertFalse(options.at("/greedy").booleanValue());
        assertEquals(0.5, options.at("/temperature").doubleValue());
        assertEquals(7, options.at("/top_k").intValue());
        assertEquals(0.9f, options.at("/top_p").floatValue());
        assertTrue(weir("generate", "a", "--model", sampled.toString(), "--json", "--greedy")
                .json()
                .at("/options/greedy")
                .booleanValue());
    }

    @Test
    void aStopTextEndsTheTextAndIsNoPartOfIt() {
        String text = json("Once", "--seed", "3", "--max-new-tokens", "12")
                .at("/generations/0/text")
                .textValue();
        String stop = text.substring(3, 5);
        JsonNode stopped = json(
                        "Once", "--seed", "3", "--max-new-tokens", "12", "--stop", stop, "--stop", "never to come")
                .at("/generations/0");
        assertEquals("stop", stopped.at("/finish_reason").textValue());
        assertEquals(text.substring(0, text.indexOf(stop)), stopped.at("/text").textValue());
    }

    @Test
    void whatIsSeenWhileGeneratingGoesToAFile() throws IOException {
        Path file = folder.resolve("seen.safetensors");
        JsonNode report = json(
                "Once",
                "--seed",
                "3",
                "--max-new-tokens",
                "6",
                "--trace",
                "resid_post,pattern.1",
                "--trace-out",
                file.toString());
        int rows = report.at("/forward_rows").intValue();
        assertEquals(file.toString(), report.at("/trace/file").textValue());
        assertEquals(3, report.at("/trace/points").intValue());
        assertEquals(Files.size(file), report.at("/trace/bytes").longValue());
        try (Dump dump = Dump.open(file)) {
            assertEquals(
                    List.of(1, rows, TinyModel.WIDTH),
                    dump.trace().get("blocks.1.hook_resid_post").shape());
            assertEquals("tiny", dump.provenance().model());
            assertEquals(List.of(4), dump.provenance().promptLengths());
        }
        Terminal.Result printed =
                weir("generate", "Once", "--model", model, "--trace", "resid_post", "--trace-out", file.toString());
        assertTrue(printed.err().contains("2 points in " + file), printed.err());
    }

    @Test
    void aModelWithoutATokenizerSpeaksInIds(@TempDir Path other) throws IOException {
        String mute = TinyModel.mute(other).toString();
        Terminal.Result result =
                weir("generate", "--token-ids", "1,2,3", "--model", mute, "--greedy", "--max-new-tokens", "4");
        assertEquals(0, result.code(), result.err());
        JsonNode ids = weir(
                        "generate",
                        "--token-ids",
                        "1,2,3",
                        "--model",
                        mute,
                        "--greedy",
                        "--max-new-tokens",
                        "4",
                        "--json")
                .json()
                .at("/generations/0/tokens");
        var expected = new StringBuilder("1 2 3");
        ids.forEach(id -> expected.append(" ").append(id));
        assertEquals(expected + System.lineSeparator(), result.out());
    }

    @Test
    void onlyAPersonSeesColour() {
        String[] arguments = {"generate", "Once", "--model", model, "--greedy"};
        assertFalse(weir(arguments).out().contains("\u001b"));
        assertTrue(new Terminal().watched().run(arguments).out().contains("\u001b"));
        assertFalse(new Terminal()
                .watched()
                .with("NO_COLOR", "1")
                .run(arguments)
                .out()
                .contains("\u001b"));
        assertFalse(new Terminal()
                .watched()
                .with("TERM", "dumb")
                .run(arguments)
                .out()
                .contains("\u001b"));
    }

    @Test
    void aPersonWhoWaitsSeesABarThatLeavesNothingBehind() throws IOException {
        Path file = folder.resolve("bar.jsonl");
        Files.writeString(file, "{\"prompt\": \"One\"}\n{\"prompt\": \"Two\"}\n");
        Terminal.Result result = new Terminal()
                .watched()
                .run("generate", "--prompts", file.toString(), "--model", model, "--greedy", "--json");
        assertEquals(2, result.json().at("/generations").size());
        assertTrue(result.err().endsWith("\r\u001b[2K"), "the bar is still there: " + result.err());
    }
}
