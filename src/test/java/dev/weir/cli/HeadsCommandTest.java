package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Weir;
import dev.weir.lens.HeadScores;
import dev.weir.lens.RepeatedTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadsCommandTest {

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    @Test
    void theTableHasARowForEachHeadAndFitsAHundredColumns() {
        Terminal.Result result = weir("heads", "--model", model, "--length", "8", "--sequences", "2");
        assertEquals(0, result.code(), result.err());
        List<String> lines = result.out().lines().toList();
        assertEquals(
                List.of("head", "previous", "duplicate", "induction", "current", "first"),
                List.of(lines.getFirst().split(" +")));
        assertEquals(
                TinyModel.LAYERS * 3L,
                lines.stream().filter(line -> line.matches("L\\dH\\d .*")).count());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("even")));
        assertTrue(result.out().contains("Surprise by a token: "), result.out());
        lines.forEach(line -> assertTrue(Lines.width(line) <= 100, line));
        assertFalse(result.out().contains("\u001b"));
    }

    @Test
    void theJsonHasTheScoresOfTheLens() throws IOException {
        JsonNode report = weir("heads", "--model", model, "--length", "8", "--sequences", "2", "--seed", "3", "--json")
                .json();
        try (Weir weir = Weir.open(Path.of(model))) {
            JsonNode start = report.at("/start");
            RepeatedTokens tokens = RepeatedTokens.random(
                    TinyModel.VOCABULARY,
                    start.isNull() ? OptionalInt.empty() : OptionalInt.of(start.intValue()),
                    8,
                    2,
                    3);
            for (HeadScores head : tokens.scores(weir)) {
                JsonNode row = StreamSupport.stream(report.at("/heads").spliterator(), false)
                        .filter(node -> node.at("/layer").intValue() == head.layer()
                                && node.at("/head").intValue() == head.head())
                        .findFirst()
                        .orElseThrow();
                assertEquals(head.previous(), row.at("/previous").doubleValue());
                assertEquals(head.duplicate(), row.at("/duplicate").doubleValue());
                assertEquals(head.induction(), row.at("/induction").doubleValue());
                assertEquals(head.current(), row.at("/current").doubleValue());
                assertEquals(head.first(), row.at("/first").doubleValue());
            }
            assertEquals(
                    tokens.surprise(weir).second(),
                    report.at("/surprise/second_copy").doubleValue());
        }
    }

    @Test
    void theHighestOfAScoreComeFirst() {
        JsonNode heads = weir("heads", "--model", model, "--length", "8", "--by", "induction", "--top", "4", "--json")
                .json()
                .at("/heads");
        assertEquals(4, heads.size());
        for (int i = 1; i < heads.size(); i++) {
            assertTrue(heads.at("/" + i + "/induction").doubleValue()
                    <= heads.at("/" + (i - 1) + "/induction").doubleValue());
        }
    }

    @Test
    void whatCannotBeIsRefusedInOneLine() {
        for (String[] wrong : new String[][] {
            {"heads", "--model", model, "--length", "12"},
            {"heads", "--model", model, "--length", "1"},
            {"heads", "--model", model, "--length", "8", "--sequences", "0"},
            {"heads", "--model", model, "--length", "8", "--top", "0"},
            {"heads", "--model", model, "--length", "8", "--by", "beauty"}
        }) {
            Terminal.Result result = weir(wrong);
            assertEquals(2, result.code(), String.join(" ", wrong));
            assertEquals(1, result.err().lines().count(), result.err());
        }
    }
}
