package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeirCommandTest {

    /** Scripts depend on these names. */
    @ParameterizedTest
    @CsvSource({
        "generate, PROMPT --model --prompt --token-ids --prompts --max-new-tokens --greedy --temperature --top-k --top-p"
                + " --min-p --seed --stop --trace --trace-out --trace-dtype --max-trace-bytes --device --dtype --threads"
                + " --exact --tf32 --no-graphs --persistent --sync --json",
        "trace, PROMPT --model --prompt --token-ids --prompts --hooks --out --position --trace-dtype --max-trace-bytes"
                + " --device --dtype --threads --exact --tf32 --no-graphs --persistent --sync --json",
        "lens, PROMPT --model --prompt --token-ids --dump --sequence --report --sweep --position --device --dtype --exact --json",
        "heads, --model --length --sequences --seed --by --top --device --dtype --threads --exact --json",
        "attribute, PROMPT --model --prompt --token-ids --token --against --position --by --top --device --json",
        "stats, PROMPT --model --prompts --dump --hooks --pca --components --device --json",
        "patch, CLEAN --model --token-ids --answer --other --metric --site --by --to --through-mlps --swap --device --json",
        "hooks, --model --hooks --positions --batch --json",
        "plan, --model --rows --trace --json",
        "diff, A B --bound --json",
        "inspect, FILE|DIR --json",
    })
    void helpNamesEveryOptionAndEndsWithExamples(String command, String names) {
        Terminal.Result help = weir(command, "--help");
        assertEquals(0, help.code());
        assertEquals("", help.err());
        for (String name : names.split(" ")) {
            assertTrue(help.out().contains(name), name + " in\n" + help.out());
        }
        List<String> examples = help.out()
                .lines()
                .dropWhile(line -> !line.equals("Examples:"))
                .skip(1)
                .toList();
        assertTrue(examples.size() >= 3, help.out());
        examples.forEach(line -> assertTrue(line.startsWith("  weir " + command), line));
        help.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
        assertEquals(help.out(), weir("help", command).out());
    }

    @Test
    void theHelpListsEveryCommand() {
        Terminal.Result help = weir("--help");
        assertEquals(0, help.code());
        for (String command : List.of(
                "generate",
                "trace",
                "lens",
                "heads",
                "attribute",
                "stats",
                "perplexity",
                "patch",
                "sae",
                "train-sae",
                "hooks",
                "plan",
                "diff",
                "dump",
                "export",
                "inspect",
                "steer",
                "probe",
                "bench",
                "doctor",
                "help")) {
            assertTrue(help.out().lines().anyMatch(line -> line.startsWith("  " + command + " ")), help.out());
        }
        assertEquals(help.out(), weir("help").out());
    }

    @Test
    void withoutArgumentsItShowsWhatToTryFirst() {
        Terminal.Result result = weir();
        assertEquals(0, result.code());
        assertTrue(result.out().contains("weir generate \"Once upon a time\""), result.out());
        assertTrue(result.out().contains("weir trace \"Once upon a time\""), result.out());
    }

    @Test
    void theVersionIsTold() {
        for (String[] arguments : new String[][] {{"--version"}, {"trace", "--version"}}) {
            Terminal.Result result = weir(arguments);
            assertEquals(0, result.code());
            assertTrue(result.out().startsWith("Weir "), result.out());
        }
    }

    @Test
    void theModelIsTheOneAskedForOrTheVariablesOrWeirsOwn(@TempDir Path folder) throws IOException {
        Path own = Files.createDirectories(folder.resolve("weights")).resolve("weir-stories");
        Files.move(TinyModel.in(folder), own);
        Path other = TinyModel.mute(folder);
        var terminal = new Terminal().at(folder);
        assertEquals("weir-stories", name(terminal.run("hooks", "--json")));
        terminal.with("WEIR_MODEL", other.toString());
        assertEquals("mute", name(terminal.run("hooks", "--json")));
        assertEquals("weir-stories", name(terminal.run("hooks", "--json", "--model", own.toString())));
    }

    private static String name(Terminal.Result result) {
        return result.json().at("/model").textValue();
    }
}
