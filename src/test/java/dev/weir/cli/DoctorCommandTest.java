package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {

    @TempDir
    Path folder;

    private static Map<String, JsonNode> findings(JsonNode report) {
        var findings = new TreeMap<String, JsonNode>();
        report.at("/findings")
                .forEach(finding -> findings.put(finding.at("/name").textValue(), finding));
        return findings;
    }

    private static void assertStatus(String status, Map<String, JsonNode> findings, String name) {
        assertEquals(status, findings.get(name).at("/status").textValue(), findings.toString());
    }

    @Test
    void withoutAGpuTheCpuGenerates() throws IOException {
        String model = TinyModel.in(folder).toString();
        Terminal.Result result = weir("doctor", "--model", model, "--json");
        assertEquals(0, result.code(), result.err());
        assertTrue(result.json().at("/generates").booleanValue());
        Map<String, JsonNode> findings = findings(result.json());
        for (String name : new String[] {"java", "vector api", "native access", "cpu", "model"}) {
            assertStatus("ok", findings, name);
        }
        assertTrue(findings.get("cpu").at("/found").textValue().endsWith("; generates"));
        assertTrue(findings.get("model").at("/found").textValue().endsWith("with its tokenizer"));

        Terminal.Result printed = weir("doctor", "--model", model);
        assertTrue(printed.out().endsWith("Weir generates here.\n"), printed.out());
        assertTrue(printed.out().lines().anyMatch(line -> line.startsWith("ok      cpu ")), printed.out());
    }

    @Test
    void aModelThatIsNamedMustBeThere() {
        Terminal.Result result =
                weir("doctor", "--model", folder.resolve("none").toString());
        assertEquals(2, result.code());
        assertEquals(1, result.err().lines().count(), result.err());
    }

    @Test
    void withoutAModelThereIsAdvice() {
        Map<String, JsonNode> findings = findings(weir("doctor", "--json").json());
        assertStatus("absent", findings, "model");
        assertTrue(findings.get("model").at("/advice").textValue().contains("--model"));
    }

    @Test
    @Tag("cuda")
    void aGpuGeneratesExactlyAsTheCpu() {
        Terminal.Result result = weir("doctor", "--json");
        assertEquals(0, result.code(), result.err());
        Map<String, JsonNode> findings = findings(result.json());
        assertStatus("ok", findings, "cuda driver");
        assertStatus("ok", findings, "cuda:0");
        assertTrue(findings.get("cuda:0").at("/found").textValue().endsWith("; generates, exactly as the CPU"));
        assertTrue(findings.containsKey("cublas"));
    }
}
