package dev.weir.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.dump.Provenance;
import dev.weir.hook.Dimensions;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.TraceLayout;
import dev.weir.tensor.DType;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceFileTest {

    @TempDir
    Path folder;

    private static TraceFile begun(Path path) throws IOException {
        var taps = Hooks.tap(List.of(HookPoint.of(Site.EMBED))).taps();
        var layout = new TraceLayout(taps, new Dimensions(1, 2, 1, 1, 2, 8, 5), 1, 3, DType.FLOAT32);
        var file = new TraceFile(path, layout, new Provenance("m", "0", "float32", "none", "0", List.of(3)));
        file.sink().begin(layout);
        return file;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void withoutItsEndThereIsNoFile() throws IOException {
        try (TraceFile file = begun(folder.resolve("t"))) {
            assertEquals(1, files().size(), "being written beside its name: " + file);
        }
        assertEquals(List.of(), files());
    }

    @Test
    void aTraceLargerThanTheDiskIsRefused() {
        var taps = Hooks.tap(List.of(HookPoint.of(Site.EMBED))).taps();
        var endless = new TraceLayout(taps, new Dimensions(1, 1 << 30, 1, 1, 2, 8, 5), 1 << 20, 1 << 8, DType.FLOAT32);
        var provenance = new Provenance("m", "0", "float32", "none", "0", List.of(3));
        assertThrows(IllegalArgumentException.class, () -> new TraceFile(folder.resolve("t"), endless, provenance));
    }

    /** Begins a file and waits to be interrupted. */
    static final class Waiting {
        private Waiting() {}

        public static void main(String[] arguments) throws IOException, InterruptedException {
            try (TraceFile file = begun(Path.of(arguments[0]))) {
                System.out.println("begun " + file);
                Thread.sleep(60_000);
            }
        }
    }

    @Test
    void anInterruptedProcessLeavesNothing() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Waiting.class.getName(),
                        folder.resolve("t").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = process.inputReader()) {
            assertTrue(String.valueOf(out.readLine()).startsWith("begun"));
            assertEquals(1, files().size());
            process.destroy(); // asks it to end, as Ctrl-C does
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        }
        assertNotEquals(0, process.exitValue());
        assertEquals(List.of(), files());
    }
}
