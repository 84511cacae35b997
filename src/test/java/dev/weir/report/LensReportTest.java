package dev.weir.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.hook.Trace;
import dev.weir.lens.LogitLens;
import dev.weir.patching.PatchingMap;
import dev.weir.patching.PatchingMap.Axis;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LensReportTest {

    private static final String TEXT = "Once upon a time, there was a girl. </script><script>alert(1)</script><!--";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    static Weir weir;
    static LensReport report;
    static Trace trace;

    @BeforeAll
    static void open() throws IOException {
        weir = Weir.open(Path.of("weights/weir-stories"));
        report = LensReport.of(weir, Prompt.of(TEXT));
        trace = weir.trace(TEXT, LensReport.SELECTORS);
    }

    @AfterAll
    static void close() {
        weir.close();
    }

    @Test
    void theGuessesAreThoseOfTheLogitLens() {
        int layers = weir.config().layers();
        for (int layer : new int[] {0, layers - 1}) {
            float[] stream = trace.get("blocks." + layer + ".hook_resid_post").row(0, 5);
            assertEquals(
                    new LogitLens(weir).top(stream, 5).getFirst(),
                    report.lens().at(layer + 1, 5).top());
        }
    }

    @Test
    void partsAndBiasAreTheLogitAndHeadsAreTheirLayersAttention() {
        LogitParts parts = report.attribution().orElseThrow();
        int length = report.tokens().length;
        for (LogitParts.Target target : List.of(parts.said(), parts.next())) {
            for (int position = 0; position < length - 1; position++) {
                double sum = target.bias()[position];
                for (int part = 0; part < parts.labels().size(); part++) {
                    sum += target.parts()[part * length + position];
                }
                assertEquals(target.logits()[position], sum, 1e-4);
            }
        }
        assertEquals(report.tokens()[4], parts.next().tokens()[3]);
        assertEquals(-1, parts.next().tokens()[length - 1]);
        assertTrue(Float.isNaN(parts.next().logits()[length - 1]));
        assertEquals(2 + 2 * weir.config().layers(), parts.labels().size());
    }

    @Test
    void patternsAreKeptToTheirLast255th() {
        Patterns patterns = report.patterns().orElseThrow();
        int length = report.tokens().length;
        int heads = weir.config().heads();
        for (int layer = 0; layer < weir.config().layers(); layer++) {
            for (int head = 0; head < heads; head++) {
                for (int query = 0; query < length; query++) {
                    float[] expected =
                            trace.get("blocks." + layer + ".attn.hook_pattern").row(0, head, query);
                    float[] kept = patterns.row((layer * heads + head) * length + query, length);
                    assertArrayEquals(expected, kept, 0.5f / 255 + 1e-6f);
                }
            }
        }
        assertFalse(patterns.isCut(length));
        assertEquals(List.of(), report.leftOut());
    }

    @Test
    void whereThereIsNoRoomTheStrongestKeysAreKeptAndThePageSaysSo() {
        LensReport small = LensReport.of(weir, Prompt.of(TEXT), new ReportOptions(2, 0));
        Patterns patterns = small.patterns().orElseThrow();
        assertEquals(1, patterns.keysOfARow());
        int length = small.tokens().length;
        float[] expected = trace.get("blocks.4.attn.hook_pattern").row(0, 2, length - 1);
        float[] kept = patterns.row((4 * weir.config().heads() + 2 + 1) * length - 1, length);
        int strongest =
                IntStream.range(0, length).reduce(0, (best, key) -> expected[key] > expected[best] ? key : best);
        assertEquals(1, IntStream.range(0, length).filter(key -> kept[key] > 0).count());
        assertEquals(expected[strongest], kept[strongest], 0.5f / 255 + 1e-6f);
        assertEquals(1, small.leftOut().size());
        assertTrue(
                small.leftOut().getFirst().contains("only the 1 strongest keys"),
                small.leftOut().toString());
        assertEquals(2, small.lens().at(0, 0).top().size());
    }

    @Test
    void aTraceGivesThePageThatThePromptGives() {
        assertEquals(
                report.html(),
                LensReport.of(weir, trace, 0, ReportOptions.DEFAULT).html());
    }

    @Test
    void whatATraceLacksIsLeftOutByName() {
        Trace bare = weir.trace(TEXT, "resid_pre,attn_out,mlp_out,resid_post");
        LensReport found = LensReport.of(weir, bare, 0, ReportOptions.DEFAULT);
        assertTrue(found.patterns().isEmpty() && found.attribution().isEmpty());
        assertEquals(2, found.leftOut().size());
        Trace none = weir.trace(TEXT, "resid_post@last");
        assertThrows(IllegalArgumentException.class, () -> LensReport.of(weir, none, 0, ReportOptions.DEFAULT));
    }

    @Test
    void noTextOfThePromptEndsAnElement() throws IOException {
        String html = report.html();
        long begun = Pattern.compile("<script").matcher(html).results().count();
        long ended = Pattern.compile("</script>").matcher(html).results().count();
        assertEquals(begun, ended);
        assertFalse(html.contains("alert(1)"), "not even as text outside of the data's escapes");
        JsonNode data = data(html);
        assertEquals(report.tokens().length, data.at("/tokens/shape/0").intValue());
        assertFalse(data.at("/texts").isEmpty());
    }

    private static JsonNode data(String html) throws IOException {
        String opening = "<script type=\"application/json\" id=\"data\">";
        int from = html.indexOf(opening) + opening.length();
        return JSON.readTree(html.substring(from, html.indexOf("</script>", from)));
    }

    @Test
    void thePageHasTheNumbersAsTheyAre() throws IOException {
        JsonNode norms = data(report.html()).at("/stream/norm");
        assertEquals("Float32Array", norms.path("array").textValue());
        ByteBuffer bytes = ByteBuffer.wrap(
                        Base64.getDecoder().decode(norms.path("base64").textValue()))
                .order(ByteOrder.LITTLE_ENDIAN);
        int length = report.tokens().length;
        double expected = report.stream().blocks().get(2).leaving()[7];
        assertEquals((float) expected, bytes.getFloat(Float.BYTES * (3 * length + 7)));
    }

    @Test
    void thePageLetsNothingInFromOutside() {
        String html = report.html();
        assertTrue(html.contains("content=\"default-src 'none'; script-src 'sha256-"), "a policy");
        assertFalse(Pattern.compile("(src|href)=\"(https?:)?//").matcher(html).find());
    }

    @Test
    void aSweepGoesWithIt() throws IOException {
        var map = new PatchingMap(
                "hook_resid_pre by layer and position",
                new Axis("layer", List.of("0", "1")),
                new Axis("position", List.of("a", "b")),
                List.of(List.of(1.0, 2.0), List.of(3.0, Double.NaN)),
                3,
                1,
                1);
        JsonNode sweep = data(report.withSweep(map).html()).at("/sweeps/0");
        assertEquals(0.5, sweep.at("/restored/0/1").doubleValue());
        assertTrue(sweep.at("/restored/1/1").isNull());
    }

    @Test
    void theFileIsWholeOrNotThere() throws IOException {
        Path file = folder.resolve("page.html");
        Files.writeString(file, "what was there");
        report.write(file);
        assertEquals(report.html(), Files.readString(file));
        assertThrows(
                NoSuchFileException.class,
                () -> report.write(folder.resolve("nowhere").resolve("page.html")));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }
}
