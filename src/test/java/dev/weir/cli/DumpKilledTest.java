package dev.weir.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed, as nobody can refuse to be: there is no handler and no farewell. */
class DumpKilledTest {

    private static final int KILLS = 3;
    private static final int MOST_MILLIS_INTO_A_SHARD = 50;

    @TempDir
    Path folder;

    private List<String> arguments(Path out) throws IOException {
        Path prompts = folder.resolve("p.jsonl");
        if (!Files.exists(prompts)) {
            var random = new Random(5);
            Files.write(
                    prompts,
                    IntStream.range(0, 300)
                            .mapToObj(i -> "{\"token_ids\": "
                                    + random.ints(1 + random.nextInt(TinyModel.CONTEXT), 0, TinyModel.VOCABULARY)
                                            .boxed()
                                            .toList()
                                    + "}")
                            .toList());
        }
        return List.of(
                "dump",
                "--model",
                folder.resolve("tiny").toString(),
                "--device",
                "cpu",
                "--prompts",
                prompts.toString(),
                "--hooks",
                "resid_post,mlp_pre",
                "--max-shard-bytes",
                "60K",
                "--out",
                out.toString());
    }

    private Process start(Path out) throws IOException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(arguments(out));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("child.log").toFile())
                .start();
    }

    private static long shards(Path out) throws IOException {
        if (!Files.isDirectory(out)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(out)) {
            return files.filter(file -> file.getFileName().toString().startsWith("shard-"))
                    .count();
        }
    }

    private static Map<String, String> contents(Path out) throws IOException {
        var contents = new TreeMap<String, String>();
        try (Stream<Path> files = Files.list(out)) {
            for (Path file : files.toList()) {
                contents.put(
                        file.getFileName().toString(),
                        new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            }
        }
        return contents;
    }

    @Test
    void aDumpThatWasKilledAgainAndAgainEndsWithTheBytesOfOneThatWasNot() throws Exception {
        TinyModel.in(folder);
        Path killed = folder.resolve("killed");
        var random = new Random();
        int landed = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            long before = shards(killed);
            Process process = start(killed);
            while (process.isAlive() && shards(killed) <= before) {
                Thread.sleep(1);
            }
            Thread.sleep(random.nextInt(MOST_MILLIS_INTO_A_SHARD));
            process.destroyForcibly();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            landed += process.exitValue() == 128 + 9 ? 1 : 0;
        }
        assertTrue(landed > 0, "a child that was killed before it was done");
        Terminal.Result last = Terminal.weir(arguments(killed).toArray(String[]::new));
        assertEquals(0, last.code(), last.err());
        Path whole = folder.resolve("whole");
        assertEquals(0, Terminal.weir(arguments(whole).toArray(String[]::new)).code());
        assertTrue(shards(whole) > KILLS);
        assertFalse(Files.exists(killed.resolve(".lock")));
        assertEquals(contents(whole), contents(killed));
    }
}
