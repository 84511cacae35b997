package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Weir;
import dev.weir.gguf.ControlVector;
import dev.weir.hook.HookPoint;
import dev.weir.steering.SteeringVectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SteerCommandTest {

    @TempDir
    static Path folder;

    static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.in(folder).toString();
        Files.writeString(folder.resolve("up.jsonl"), lines("A", "up", "upper", "above"));
        Files.writeString(folder.resolve("down.jsonl"), lines("Z", "down", "low", "below"));
    }

    private static String lines(String... prompts) {
        var lines = new StringBuilder();
        for (String prompt : prompts) {
            lines.append("{\"prompt\": \"").append(prompt).append("\"}\n");
        }
        return lines.toString();
    }

    private static Terminal.Result steer(String out, String... more) {
        var arguments = new ArrayList<>(List.of("steer", "--model", model));
        arguments.addAll(List.of("--positive", folder.resolve("up.jsonl").toString()));
        arguments.addAll(List.of("--negative", folder.resolve("down.jsonl").toString()));
        arguments.addAll(List.of("--out", folder.resolve(out).toString()));
        arguments.addAll(List.of(more));
        Terminal.Result result = weir(arguments.toArray(String[]::new));
        assertEquals(0, result.code(), result.err());
        return result;
    }

    @Test
    void theVectorIsTheDifferenceOfTheMeansOfLastRows() throws IOException {
        steer("mean.safetensors");
        float[] vector = SteeringVectors.read(folder.resolve("mean.safetensors"))
                .vectors()
                .get(HookPoint.named("blocks.1.hook_resid_post"));
        double[] expected = new double[TinyModel.WIDTH];
        try (Weir weir = Weir.open(Path.of(model))) {
            for (String prompt : List.of("A", "up", "upper", "above")) {
                add(expected, weir, prompt, 0.25);
            }
            for (String prompt : List.of("Z", "down", "low", "below")) {
                add(expected, weir, prompt, -0.25);
            }
        }
        for (int c = 0; c < expected.length; c++) {
            assertEquals((float) expected[c], vector[c], 1e-6f * (float) (1 + Math.abs(expected[c])));
        }
    }

    private static void add(double[] sum, Weir weir, String prompt, double factor) {
        float[] row = weir.trace(prompt, "resid_post.1")
                .get("blocks.1.hook_resid_post")
                .row(0, prompt.length() - 1);
        for (int c = 0; c < sum.length; c++) {
            sum[c] += factor * row[c];
        }
    }

    @Test
    void aControlVectorHoldsTheSameAndLeavesBlockZeroOut() throws IOException {
        steer("both.safetensors", "--method", "component", "--at", "mean");
        Terminal.Result result = steer("both.gguf", "--method", "component", "--at", "mean");
        assertTrue(result.err().contains("without that of blocks.0.hook_resid_post"), result.err());
        ControlVector control = ControlVector.read(folder.resolve("both.gguf"));
        assertEquals(Set.of(1), control.directions().keySet());
        assertArrayEquals(
                SteeringVectors.read(folder.resolve("both.safetensors"))
                        .vectors()
                        .get(HookPoint.named("blocks.1.hook_resid_post")),
                control.directions().get(1));
    }

    @Test
    void whatWasMadeSteers() {
        JsonNode report = steer("v.safetensors", "--json").json();
        assertEquals(TinyModel.LAYERS, report.at("/points").size());
        assertTrue(report.at("/points/0/norm").doubleValue() > 0);
        Terminal.Result steered = weir(
                "generate",
                "Once",
                "--model",
                model,
                "--edit",
                "resid_post:add=" + folder.resolve("v.safetensors") + "*3@-1..");
        assertEquals(0, steered.code(), steered.err());
    }

    /** Whether a prompt's last letter is upper case can be read off its embedding. */
    @Test
    void aProbeFindsWhatIsThere() throws IOException {
        var prompts = new StringBuilder();
        for (char c = 'a'; c <= 'z'; c++) {
            prompts.append("{\"prompt\": \"x%c\", \"label\": \"lower\"}\n".formatted(c));
            prompts.append("{\"prompt\": \"x%c\", \"label\": \"upper\"}\n".formatted(Character.toUpperCase(c)));
        }
        Path file = Files.writeString(folder.resolve("letters.jsonl"), prompts.toString());
        Path dump = folder.resolve("letters.safetensors");
        assertEquals(
                0,
                weir(
                                "trace",
                                "--prompts",
                                file.toString(),
                                "--model",
                                model,
                                "--hooks",
                                "resid_post@last,pattern",
                                "--out",
                                dump.toString())
                        .code());
        Path out = folder.resolve("upper.safetensors");
        Terminal.Result result = weir(
                "probe",
                dump.toString(),
                "--labels",
                file.toString(),
                "--method",
                "ridge",
                "--l2",
                "5",
                "--out",
                out.toString(),
                "--json");
        assertEquals(0, result.code(), result.err());
        JsonNode report = result.json();
        assertEquals("lower", report.at("/positive").textValue());
        assertEquals("upper", report.at("/negative").textValue());
        assertEquals(0.5, report.at("/majority").doubleValue());
        assertEquals(TinyModel.LAYERS, report.at("/points").size(), "patterns are passed over");
        assertEquals(52, report.at("/points/0/rows").intValue());
        assertTrue(report.at("/points/0/fitted_right").intValue() > 40, result.out());
        assertEquals(2, SteeringVectors.read(out).vectors().size());
        Terminal.Result table = weir("probe", dump.toString(), "--labels", file.toString(), "--hooks", "resid_post.1");
        assertTrue(table.out().contains("blocks.1.hook_resid_post"), table.out());
        assertTrue(table.out().contains("'lower' against 'upper'"), table.out());
        table.out().lines().forEach(line -> assertTrue(Lines.width(line) <= 100, line));
    }
}
