package dev.weir.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderTest {

    private static final String PAGE = """
            # Speed
            <!-- bench: cpu model=gpt2 -->
            old
            <!-- bench: end -->
            between
            <!-- bench: peers -->
            <!-- bench: end -->
            after
            """;

    @TempDir
    Path folder;

    private List<JsonNode> lines(String... lines) throws IOException {
        Files.write(folder.resolve("b.jsonl"), List.of(lines));
        Files.writeString(folder.resolve("note.txt"), "no result");
        return Render.lines(folder);
    }

    private static String line(String table, String engine, String trace, double median, String more) {
        return ("{'table': '%s', 'when': '2026-01-02', 'commit': 'abc', 'machine': 'an abacus', 'command': 'weir x',"
                        + " 'case': 'gpt2 decode', 'model': 'gpt2', 'threads': 2, 'engine': '%s', 'trace': '%s', 'unit': 'tokens/s',"
                        + " 'median': %s%s}")
                .formatted(table, engine, trace, median, more)
                .replace('\'', '"');
    }

    @Test
    void aTableHoldsTheNewestFigureOfEachCase() throws IOException {
        String page = Render.page(
                PAGE,
                lines(
                        line("cpu", "weir", "off", 11, ""),
                        line("cpu", "weir", "off", 53.61, ", 'share_of_limit': 0.868"),
                        line("cpu", "weir", "resid", 53.2, "")));
        assertTrue(page.contains("""
                        <!-- bench: cpu model=gpt2 -->
                        2026-01-02, commit abc, an abacus.

                        | tokens/s (share of limit) | not traced | resid traced |
                        |---|---:|---:|
                        | gpt2 decode, 2 threads | 53.6 (87 %) | 53.2 |

                            weir x
                        <!-- bench: end -->
                        """), page);
        assertTrue(page.startsWith("# Speed\n<!--") && page.endsWith("<!-- bench: end -->\nafter\n"), page);
    }

    /** {@code weir bench} does not know of tables. */
    @Test
    void aLineThatNamesADeviceIsForItsTable() throws IOException {
        String line = line("", "weir", "off", 53.61, ", 'device': 'CPU, 8 lanes of float32, 2 threads'");
        String page = Render.page(PAGE, lines(line.replace("\"table\": \"\", ", "")));
        assertTrue(page.contains("| gpt2 decode, 2 threads | 53.6 |"), page);
    }

    @Test
    void aPeerStandsBesideWeirWithTheRatio() throws IOException {
        String page = Render.page(
                PAGE,
                lines(
                        line("peers", "weir", "off", 60, ", 'share_of_limit': 0.9"),
                        line("peers", "llama.cpp", "off", 40, ", 'weir_over_this': 1.5")));
        assertTrue(page.contains("| gpt2 decode, 2 threads | 60.0 (90 %) | 40.0 (**1.50**) |"), page);
    }

    @Test
    void whatNobodyMeasuredIsSaid() throws IOException {
        String page = Render.page(PAGE, lines());
        assertEquals(2, page.split("Not measured yet\\.", -1).length - 1, page);
        assertEquals(page, Render.page(page, lines()));
    }

    @Test
    void anUnknownKindOfTableIsRefused() throws IOException {
        List<JsonNode> lines = lines(line("pies", "weir", "off", 1, ""));
        assertThrows(
                IllegalArgumentException.class,
                () -> Render.page("<!-- bench: pies -->\n<!-- bench: end -->\n", lines));
    }
}
