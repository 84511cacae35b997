package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {

    @TempDir
    Path folder;

    @Test
    void eachWayOfTracingIsTimedBesideTheLimitsOfTheMachine() throws IOException {
        String model = TinyModel.in(folder).toString();
        String[] arguments = {
            "bench",
            "--model",
            model,
            "-p",
            "9",
            "-n",
            "5",
            "-d",
            "3",
            "--trace",
            "off,resid,all",
            "--repeat",
            "2",
            "--threads",
            "1"
        };
        Terminal.Result printed = weir(arguments);
        assertEquals(0, printed.code(), printed.err());
        assertTrue(printed.out().contains("prefill 9"), printed.out());
        assertTrue(printed.out().contains("decode 5 at 3"), printed.out());
        String[] asJson = Arrays.copyOf(arguments, arguments.length + 1);
        asJson[arguments.length] = "--json";
        JsonNode report = weir(asJson).json();
        assertEquals(6, report.at("/results").size());
        assertEquals("resid", report.at("/results/1/trace").textValue());
        for (JsonNode figure : report.at("/results")) {
            assertTrue(figure.at("/median").doubleValue() > 0);
            assertTrue(figure.at("/min").doubleValue() <= figure.at("/max").doubleValue());
            assertTrue(figure.at("/share_of_limit").doubleValue() > 0);
            assertTrue(figure.at("/cost_per_token").doubleValue() > 0);
            assertTrue(figure.at("/read_gigabytes_per_second").doubleValue() > 0.1);
            assertTrue(figure.at("/gigaflops").doubleValue() > 0.1);
            assertEquals(
                    !figure.at("/trace").textValue().equals("off"),
                    figure.at("/ratio_to_first_trace").isNumber());
        }
    }

    @Test
    void everyAxisTakesSeveralValues() throws IOException {
        String model = TinyModel.in(folder).toString();
        String[] arguments = {
            "bench",
            "--model",
            model,
            "-p",
            "3,4",
            "-n",
            "2",
            "-d",
            "0,5",
            "-b",
            "1,2",
            "-t",
            "1,2",
            "--dtype",
            "float32,bfloat16",
            "-r",
            "1",
            "-o"
        };
        assertEquals(4 * (2 + 2) * 2 + 2, printed("md", arguments).size());
        List<String> csv = printed("csv", arguments);
        assertEquals(4 * (2 + 2) * 2 + 1, csv.size());
        var texts = Pattern.compile("\"[^\"]*\"");
        assertEquals(
                1,
                csv.stream()
                        .map(line -> texts.matcher(line).replaceAll("text").split(",", -1).length)
                        .distinct()
                        .count());
        assertEquals(4 * (2 + 2) * 2, printed("jsonl", arguments).size());
    }

    private static List<String> printed(String format, String... arguments) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = format;
        Terminal.Result result = weir(all);
        assertEquals(0, result.code(), result.err());
        return result.out().lines().toList();
    }

    @Test
    void linesAreAddedToAFileWithWhatMadeThem() throws IOException {
        String model = TinyModel.in(folder).toString();
        Path file = folder.resolve("results.jsonl");
        for (int run = 0; run < 2; run++) {
            Terminal.Result result = new Terminal()
                    .with("WEIR_COMMIT", "abc1234")
                    .with("WEIR_MACHINE", "an abacus")
                    .run("bench", "--model", model, "-p", "2", "-n", "2", "-r", "1", "--append", file.toString());
            assertEquals(0, result.code(), result.err());
        }
        List<String> lines = Files.readAllLines(file);
        assertEquals(4, lines.size());
        JsonNode line = Json.MAPPER.readTree(lines.getLast());
        assertEquals("abc1234", line.at("/commit").textValue());
        assertEquals("an abacus", line.at("/machine").textValue());
        assertTrue(line.at("/command").textValue().startsWith("weir bench --model "), lines.getLast());
        assertTrue(line.at("/case").textValue().endsWith("float32 decode 2"), lines.getLast());
        assertEquals("tokens/s", line.at("/unit").textValue());
    }

    @Test
    void sequencesCanGoSideBySide() throws IOException {
        String model = TinyModel.in(folder).toString();
        Terminal.Result printed =
                weir("bench", "--model", model, "-p", "3", "-n", "2", "-b", "2", "--repeat", "1", "--threads", "1");
        assertEquals(0, printed.code(), printed.err());
        assertTrue(printed.out().contains("prefill 3 of 2"), printed.out());
        assertTrue(printed.out().contains("decode 2 of 2"), printed.out());
    }

    @Test
    void whatCannotBeTimedIsRefused() throws IOException {
        String model = TinyModel.in(folder).toString();
        assertRefused("gpt3", "bench", "--shape", "gpt3");
        assertRefused("expected it or --model", "bench", "--shape", "gpt2", "--model", model);
        assertRefused("'some'", "bench", "--model", model, "--trace", "some");
        assertRefused("at most 24", "bench", "--model", model, "-p", "25", "-n", "0");
        assertRefused("repeats", "bench", "--model", model, "-p", "2", "-n", "0", "--repeat", "0");
        assertRefused("--threads", "bench", "--model", model, "-p", "2", "--threads", "0");
        assertRefused("--shape", "bench", "--save", folder.resolve("saved").toString());
        assertRefused("sequences", "bench", "--model", model, "-p", "2", "-n", "0", "--batch", "0");
        assertRefused("'yaml'", "bench", "--model", model, "-p", "2", "-n", "0", "-o", "yaml");
        assertRefused("--dtype", "bench", "--model", model, "--dtype", "float32,float31");
        assertRefused("-p", "bench", "--model", model, "-p", "2,many");
        assertRefused("neither", "bench", "--model", model, "-p", "0", "-n", "0");
    }

    private static void assertRefused(String part, String... arguments) {
        Terminal.Result result = weir(arguments);
        assertEquals(2, result.code(), result.err());
        assertTrue(result.err().contains(part), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        assertEquals("", result.out());
    }
}
