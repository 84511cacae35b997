package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttributeCommandTest {

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    @ParameterizedTest
    @CsvSource({"layers, 7", "heads, 12", "neurons.1, "})
    void thePartsAndTheRemainderAreTheLogit(String by, Integer count) throws IOException {
        JsonNode report = weir("attribute", "Once", "--model", model, "--token", "b", "--by", by, "--json")
                .json();
        double sum = StreamSupport.stream(report.at("/parts").spliterator(), false)
                .mapToDouble(part -> part.at("/logit").doubleValue())
                .sum();
        assertEquals(
                report.at("/logit").doubleValue(), sum + report.at("/remainder").doubleValue(), 1e-12);
        assertTrue(Math.abs(report.at("/remainder").doubleValue()) < 1e-5);
        try (Weir weir = Weir.open(Path.of(model))) {
            float[] logits =
                    weir.trace("Once", "logits@last").get("unembed.hook_out").data();
            assertEquals(
                    logits[report.at("/token/token").intValue()],
                    report.at("/logit").doubleValue());
            assertEquals(
                    count == null ? 7 + weir.config().hidden() : count,
                    report.at("/parts").size());
        }
        assertEquals("b", report.at("/token/text").textValue());
        assertTrue(report.at("/against").isNull());
    }

    @Test
    void aDifferenceIsThatOfTwoTokens() {
        JsonNode b = weir("attribute", "Once", "--model", model, "--token", "b", "--json")
                .json();
        JsonNode c = weir("attribute", "Once", "--model", model, "--token", "c", "--json")
                .json();
        JsonNode both = weir("attribute", "Once", "--model", model, "--token", "b", "--against", "c", "--json")
                .json();
        for (String value : List.of("/logit", "/parts/0/logit", "/parts/3/logit", "/parts/6/logit")) {
            assertEquals(
                    b.at(value).doubleValue() - c.at(value).doubleValue(),
                    both.at(value).doubleValue(),
                    1e-9);
        }
        assertEquals("c", both.at("/against/text").textValue());
    }

    @Test
    void withoutATokenItIsTheLikeliestOne() {
        JsonNode said = weir("generate", "Once", "--model", model, "--greedy", "--max-new-tokens", "1", "--json")
                .json()
                .at("/generations/0/tokens/0");
        JsonNode report = weir("attribute", "Once", "--model", model, "--json").json();
        assertEquals(said, report.at("/token/token"));
        assertEquals(3, report.at("/position").intValue());
        assertEquals(
                1,
                weir("attribute", "Once", "--model", model, "--position", "-3", "--json")
                        .json()
                        .at("/position")
                        .intValue());
    }

    @Test
    void theTableShowsTheStrongestPartsAndWhatTheOthersAddUpTo() {
        Terminal.Result result = weir("attribute", "Once", "--model", model, "--by", "neurons.0", "--top", "3");
        assertEquals(0, result.code(), result.err());
        List<String> lines = result.out().lines().toList();
        assertTrue(lines.getFirst().startsWith("Once   after position 3, e, the logit of "), lines.getFirst());
        assertEquals(9, lines.size(), result.out());
        assertTrue(lines.get(6).contains("other parts"), result.out());
        assertTrue(result.out().contains("remainder"));
        assertTrue(lines.getLast().startsWith("the logit"));
        lines.forEach(line -> assertTrue(Lines.width(line) <= 100, line));
    }

    @Test
    void whatCannotBeIsRefusedInOneLine() {
        for (List<String> wrong : List.of(
                List.of("--token", "bc"),
                List.of("--token", "#97"),
                List.of("--against", ""),
                List.of("--by", "neurons.2"),
                List.of("--by", "layer"),
                List.of("--position", "4"),
                List.of("--top", "0"))) {
            var arguments = new ArrayList<>(List.of("attribute", "Once", "--model", model));
            arguments.addAll(wrong);
            Terminal.Result result = weir(arguments.toArray(String[]::new));
            assertEquals(2, result.code(), wrong + result.out());
            assertEquals(1, result.err().lines().count(), result.err());
        }
    }
}
