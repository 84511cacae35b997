package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffCommandTest {

    @TempDir
    static Path folder;

    static String exact = "";
    static String threads = "";
    static String rounded = "";
    static String other = "";

    @BeforeAll
    static void write() throws IOException {
        String model = TinyModel.in(folder).toString();
        exact = trace(model, "exact", "--prompt", "Once");
        threads = trace(model, "threads", "--prompt", "Once", "--threads", "3");
        rounded = trace(model, "rounded", "--prompt", "Once", "--dtype", "bfloat16");
        other = trace(model, "other", "--prompt", "Upon");
    }

    private static String trace(String model, String name, String... more) {
        String file = folder.resolve(name + ".safetensors").toString();
        var arguments = new ArrayList<>(List.of("trace", "--model", model, "--hooks", "*", "--out", file));
        arguments.addAll(List.of(more));
        Terminal.Result result = weir(arguments.toArray(String[]::new));
        assertEquals(0, result.code(), result.err());
        return file;
    }

    @Test
    void tracesThatAreTheSameDifferInNothing() {
        Terminal.Result result = weir("diff", exact, threads, "--bound", "0");
        assertEquals(0, result.code(), result.out());
        assertTrue(result.out().contains("40 points within 0"), result.out());
    }

    @Test
    void theFirstPointBeyondItsBoundEndsIt() {
        Terminal.Result printed = weir("diff", exact, rounded, "--bound", "0");
        assertEquals(1, printed.code(), printed.err());
        assertTrue(printed.out().contains("They part at hook_embed: "), printed.out());
        JsonNode report = weir("diff", exact, rounded, "--bound", "0", "--json").json();
        assertEquals("hook_embed", report.at("/parts_at").textValue());
        assertEquals(1, report.at("/points").size());
        assertTrue(report.at("/points/0/max_abs").doubleValue() > 0);
        assertEquals(3, report.at("/points/0/worst").size());
    }

    @Test
    void aWiderBoundLetsItPass() {
        JsonNode report =
                weir("diff", exact, rounded, "--bound", "0.5", "--json").json();
        assertTrue(report.at("/within").booleanValue());
        assertTrue(report.at("/parts_at").isNull());
        assertEquals(40, report.at("/points").size());
    }

    @Test
    void whatCannotBeComparedIsRefused() {
        Terminal.Result result = weir("diff", exact, other);
        assertEquals(2, result.code());
        assertTrue(result.err().contains("expected two dumps of the same tokens"), result.err());
    }
}
