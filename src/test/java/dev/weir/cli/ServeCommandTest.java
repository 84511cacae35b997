package dev.weir.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandTest {

    @TempDir
    Path folder;

    private static void assertMisuse(String expected, String... arguments) {
        Terminal.Result result = Terminal.weir(arguments);
        assertEquals(2, result.code(), result.err());
        assertTrue(result.err().contains(expected), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
    }

    @Test
    void whatCannotBeServedIsSaidInOneLine() throws IOException {
        String model = TinyModel.in(folder).toString();
        assertMisuse("expected an API key", "serve", "--model", model, "--host", "0.0.0.0", "--port", "0");
        assertMisuse("port: expected", "serve", "--model", model, "--port", "70000");
        assertMisuse("--drain: expected", "serve", "--model", model, "--drain", "-1");
        assertMisuse("expected --allow-trace", "serve", "--model", model, "--edits-dir", folder.toString());
        assertMisuse("expected a folder", "serve", "--model", model, "--allow-trace", "--trace-dir", "nowhere");
        assertMisuse("sequences: expected", "serve", "--model", model, "--port", "0", "--sequences", "0");
    }

    /** A process of its own, so that it can be ended as a system ends it. */
    @Test
    void aServerSaysWhereItIsAndEndsWhenToldTo() throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<String> command = new ArrayList<>(List.of(
                java.toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--model",
                TinyModel.in(folder).toString(),
                "--device=cpu",
                "--port=0"));
        Path said = folder.resolve("said");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            String first = firstLine(process, said);
            assertTrue(first.matches("Weir serves tiny on http://127\\.0\\.0\\.1:\\d+"), first);
            URI uri = URI.create(first.substring(first.lastIndexOf(' ') + 1) + "/v1/chat/completions");
            String body = "{\"messages\": [{\"role\": \"user\", \"content\": \"ab\"}], \"max_tokens\": 3}";
            try (HttpClient client = HttpClient.newHttpClient()) {
                HttpRequest request = HttpRequest.newBuilder(uri)
                        .POST(BodyPublishers.ofString(body))
                        .build();
                assertEquals(200, client.send(request, BodyHandlers.ofString()).statusCode());
            }
            process.destroy();
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
            assertEquals(List.of(first, "0 finished, 0 cancelled"), lines(said));
        } finally {
            process.destroyForcibly();
        }
    }

    private static String firstLine(Process process, Path said) throws IOException, InterruptedException {
        for (int i = 0; i < 1200 && process.isAlive() && lines(said).isEmpty(); i++) {
            Thread.sleep(50);
        }
        return String.join("\n", lines(said));
    }

    /** The JVM warns of the incubating module. */
    private static List<String> lines(Path said) throws IOException {
        return Files.readAllLines(said).stream()
                .filter(line -> !line.contains("incubator"))
                .toList();
    }
}
