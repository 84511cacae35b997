package dev.weir.cli;

import static dev.weir.cli.Terminal.weir;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.corpus.CorpusDump;
import dev.weir.hook.HookPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on a GPU. */
@Tag("cuda")
class CudaCommandsTest {

    @TempDir
    Path folder;

    @Test
    void theSameSeedWritesTheSameTextOnBothMachines() throws IOException {
        String model = TinyModel.in(folder).toString();
        String[] sampled = {"--temperature", "0.9", "--top-k", "20", "--seed", "5"};
        for (String[] choice : new String[][] {{"--greedy"}, sampled}) {
            String cpu = text(model, choice, "--device", "cpu");
            assertEquals(cpu, text(model, choice, "--device", "cuda", "--exact"));
            assertEquals(cpu, text(model, choice, "--device", "cuda:0", "--exact", "--no-graphs", "--sync"));
        }
    }

    private static String text(String model, String[] choice, String... machine) {
        var arguments = new ArrayList<>(List.of("generate", "ab", "--model", model, "--max-new-tokens", "9", "--json"));
        arguments.addAll(List.of(choice));
        arguments.addAll(List.of(machine));
        Terminal.Result result = weir(arguments.toArray(String[]::new));
        assertEquals(0, result.code(), result.err());
        return result.json().at("/generations/0").toString();
    }

    @Test
    void aGpuThatIsNotThereIsOneLine() throws IOException {
        Terminal.Result result =
                weir("generate", "ab", "--model", TinyModel.in(folder).toString(), "--device", "cuda:777");
        assertEquals(2, result.code());
        assertEquals("", result.out());
        assertTrue(result.err().startsWith("weir: device 'cuda:777': GPU 777: expected 0"), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
    }

    @Test
    void aPromptLooksTheSameOnBothMachines() throws IOException {
        String model = TinyModel.in(folder).toString();
        String cpu = weir("lens", "ab", "--model", model, "--device", "cpu").out();
        Terminal.Result gpu = weir("lens", "ab", "--model", model, "--device", "cuda", "--exact");
        assertEquals(cpu, gpu.out(), gpu.err());
    }

    @Test
    void graphsAreTimedBesideNone() throws IOException {
        String model = TinyModel.in(folder).toString();
        String[] arguments = {
            "bench",
            "--model",
            model,
            "-p",
            "0",
            "-n",
            "2",
            "--repeat",
            "1",
            "--device",
            "cuda",
            "--graphs",
            "on,off",
            "--json"
        };
        JsonNode report = weir(arguments).json();
        assertTrue(report.at("/results/0/device").textValue().contains("GiB"), report.toString());
        assertEquals("on", report.at("/results/0/graphs").textValue());
        assertEquals("off", report.at("/results/1/graphs").textValue());
        assertTrue(report.at("/results/0/gigaflops").isNull(), report.toString());
        assertTrue(report.at("/results/0/share_of_limit").doubleValue() > 0);
    }

    @Test
    void aDumpHasTheBitsOfTheCpu() throws IOException {
        String model = TinyModel.in(folder).toString();
        Path prompts = Files.write(folder.resolve("p.txt"), List.of("abc", "d", "efghijklmnop", "qr"));
        assertEquals(dump(model, prompts, "cpu"), dump(model, prompts, "cuda"));
    }

    private List<String> dump(String model, Path prompts, String device) throws IOException {
        Path out = folder.resolve(device);
        String hooks = "resid_post,z,logits";
        Terminal.Result result = weir(
                "dump",
                "--model",
                model,
                "--prompts",
                prompts.toString(),
                "--hooks",
                hooks,
                "--max-shard-bytes",
                "16K",
                "--device",
                device,
                "--exact",
                "--out",
                out.toString());
        assertEquals(0, result.code(), result.err());
        CorpusDump dump = CorpusDump.open(out);
        var rows = new ArrayList<String>();
        for (HookPoint point : dump.points()) {
            dump.forEachRow(
                    point,
                    row -> rows.add(point + " " + row.sequence() + " " + row.position() + " " + row.token()
                            + Arrays.toString(row.values())));
        }
        return rows;
    }
}
