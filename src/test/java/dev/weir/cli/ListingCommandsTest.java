package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Weir;
import dev.weir.program.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hooks}, {@code plan} and {@code inspect}: what there is, without running it. */
class ListingCommandsTest {

    private static final int POINTS = 2 + 17 * TinyModel.LAYERS + 4;

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
    }

    @Test
    void hooksListsEveryPointOnceAndCountsThoseOfAPass() {
        JsonNode report = weir("hooks", "--model", model, "--json").json();
        assertEquals(POINTS + 4 * TinyModel.LAYERS, report.at("/points").size(), "what is on request is listed");
        assertEquals(
                POINTS, report.at("/total_points").intValue(), "but not counted, because it is there on request only");
        assertEquals("hook_embed", report.at("/points/0/name").textValue());
        assertEquals("[B,P,D]", report.at("/points/0/form").textValue());
        assertEquals(TinyModel.CONTEXT, report.at("/points/0/shape/1").intValue());
        assertEquals(
                TinyModel.WIDTH * 4, report.at("/points/0/bytes_per_position").intValue());
        long sum = StreamSupport.stream(report.at("/points").spliterator(), false)
                .filter(point -> !point.at("/on_request").booleanValue())
                .mapToLong(point -> point.at("/bytes").longValue())
                .sum();
        assertEquals(sum, report.at("/total_bytes").longValue());
    }

    @Test
    void hooksSaysWhatASelectionTakes() {
        JsonNode report = weir(
                        "hooks",
                        "--model",
                        model,
                        "--hooks",
                        "pattern",
                        "--positions",
                        "10",
                        "--batch",
                        "3",
                        "--trace-dtype",
                        "bfloat16",
                        "--json")
                .json();
        assertEquals(TinyModel.LAYERS, report.at("/total_points").intValue());
        assertEquals("[3,3,10,10]", report.at("/points/0/shape").toString());
        assertEquals(
                2L * TinyModel.LAYERS * 3 * 3 * 10 * 10,
                report.at("/total_bytes").longValue());
        assertEquals(3 * 10 * 2, report.at("/points/0/bytes_per_position").intValue());
    }

    @Test
    void aLineOfHooksIsASelector() {
        Terminal.Result result = weir("hooks", "--model", model);
        assertTrue(result.out().contains("blocks.{0..1}.hook_resid_post "), result.out());
        assertTrue(result.out().contains(POINTS + " points"), result.out());
        assertEquals(
                TinyModel.LAYERS,
                weir("hooks", "--model", model, "--hooks", "blocks.{0..1}.hook_resid_post", "--json")
                        .json()
                        .at("/total_points")
                        .intValue());
        assertTrue(weir("hooks", "--model", model, "--each").out().contains("blocks.1.attn.hook_z "));
        assertTrue(weir("hooks", "--model", model, "--positions", "5").out().contains("[1,5,30]"));
    }

    @Test
    void thePlanIsTheEngines() throws IOException {
        JsonNode report = weir("plan", "--model", model, "--rows", "3", "--trace", "resid_post", "--json")
                .json();
        try (Weir weir = Weir.open(Path.of(model))) {
            Plan plan = weir.plan(3, weir.select("resid_post"));
            assertEquals(plan.ops().count(), report.at("/total_ops").longValue());
            assertEquals(plan.scratchBytes(), report.at("/scratch_bytes").longValue());
            assertEquals(plan.traceBytes(), report.at("/trace_bytes").longValue());
        }
        assertEquals(0, report.at("/cuts").intValue());
        assertEquals(TinyModel.LAYERS, report.at("/taps").size());
        assertEquals("Embed", report.at("/steps/0/ops/0/op").textValue());
    }

    @Test
    void thePlanShowsWhereWhatIsSeenLies() {
        Terminal.Result plain = weir("plan", "--model", model);
        Terminal.Result seen = weir("plan", "--model", model, "--trace", "resid_post.0");
        assertEquals(0, seen.code(), seen.err());
        assertFalse(plain.out().contains("trace +"), plain.out());
        assertTrue(
                seen.out()
                        .lines()
                        .anyMatch(line -> line.contains("trace +0") && line.contains("blocks.0.hook_resid_post")),
                seen.out());
        assertTrue(seen.out().contains("cut nowhere"), seen.out());
    }

    @Test
    void aModelIsInspected() {
        JsonNode report = weir("inspect", model, "--json").json();
        assertEquals(TinyModel.LAYERS, report.at("/model/layers").intValue());
        assertEquals(TinyModel.WIDTH, report.at("/model/width").intValue());
        assertEquals("gelu_new", report.at("/model/activation").textValue());
        assertTrue(report.at("/model/tied_head").booleanValue());
        assertEquals(report.at("/total_elements"), report.at("/model/parameters"));
        Terminal.Result printed = weir("inspect", model);
        assertTrue(printed.out().contains("GPT-2: 2 layers, width 30, 3 heads of 10"), printed.out());
        assertTrue(printed.out().contains(" parameters"), printed.out());
    }

    @Test
    void anySafetensorsFileIsInspected() {
        Path golden = Path.of("src/test/resources/models/plain/golden.safetensors");
        JsonNode report = weir("inspect", golden.toString(), "--json").json();
        assertTrue(report.at("/model").isNull());
        assertTrue(report.at("/tensors").size() >= POINTS);
        assertTrue(weir("inspect", golden.toString()).out().contains("blocks.1.hook_resid_post"));
    }

    @Test
    void aFolderThatIsNoModelOfOursIsInspectedAllTheSame(@TempDir Path other) throws IOException {
        Path strange = TinyModel.mute(other);
        Files.writeString(strange.resolve("config.json"), "{\"model_type\": \"llama\"}");
        Terminal.Result result = weir("inspect", strange.toString());
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("no model that Weir runs: "), result.out());
        assertTrue(result.out().contains("wte.weight"), result.out());
        Files.delete(strange.resolve("config.json"));
        assertTrue(weir("inspect", strange.toString()).out().contains("wte.weight"));
    }
}
