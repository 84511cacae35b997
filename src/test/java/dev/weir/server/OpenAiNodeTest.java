package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** OpenAI's client for Node; where there is no Node, or npm cannot fetch the client, the test is skipped. */
class OpenAiNodeTest {

    private static final Path FOLDER = Path.of("target", "openai-node").toAbsolutePath();
    private static final Path SCRIPT = Path.of("src/test/resources/server/openai.mjs");

    private record Outcome(int code, String output) {}

    private static Outcome run(String... command) throws IOException, InterruptedException {
        Path said = Files.createTempFile("weir-openai", ".txt");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            process.getOutputStream().close();
            boolean isOver = process.waitFor(2, TimeUnit.MINUTES);
            process.destroyForcibly();
            return new Outcome(isOver ? process.exitValue() : -1, Files.readString(said));
        } catch (IOException e) {
            return new Outcome(-1, "not there: " + e.getMessage());
        } finally {
            Files.delete(said);
        }
    }

    private static void install() throws IOException, InterruptedException {
        assumeTrue(run("node", "--version").code() == 0, "node is not there");
        if (!Files.isDirectory(FOLDER.resolve("node_modules/openai"))) {
            Files.createDirectories(FOLDER);
            Outcome npm = run(
                    "npm",
                    "install",
                    "--prefix",
                    FOLDER.toString(),
                    "--no-audit",
                    "--no-fund",
                    "--fetch-retries=0",
                    "openai@7");
            assumeTrue(npm.code() == 0, "npm cannot fetch the client");
        }
    }

    @Test
    void theClientOfOpenAiIsAtHome() throws IOException, InterruptedException {
        install();
        try (Served served =
                Served.with(options -> options.withAccess(options.access().withApiKey("node-key")))) {
            Outcome outcome = run(
                    "node",
                    SCRIPT.toString(),
                    FOLDER.toString(),
                    served.server().url() + "/v1",
                    "node-key");
            assertEquals("all is well", List.of(outcome.output().split("\n")).getLast(), outcome.output());
            assertEquals(0, outcome.code());
            for (int i = 0; i < 6000 && served.server().scheduler().load().running() > 0; i++) {
                Thread.sleep(5);
            }
            assertEquals(0, served.server().scheduler().load().running());
        }
    }
}
