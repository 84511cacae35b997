package dev.weir.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a JVM of its own, because the library is loaded once. */
class NativeLibraryTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void unpack() throws IOException {
        Gpt2.unpackInto(folder);
        Files.createDirectory(folder.resolve("temporary"));
    }

    /** What the other JVM runs. */
    static final class Program {
        public static void main(String[] arguments) throws IOException {
            try (Tokenizer tokenizer = Tokenizer.open(Path.of(arguments[0])).orElseThrow()) {
                if (tokenizer.encode("Hello, world!").length != 4) {
                    throw new AssertionError("four tokens");
                }
            }
        }
    }

    @Test
    void loadingPrintsNothingNeedsNoHomeAndLeavesNoFile() throws Exception {
        assertEquals("", outputOf(run("-Duser.home=" + folder.resolve("no-such-home")), 0));
        try (Stream<Path> left = Files.list(folder.resolve("temporary"))) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void ofDjlOnlyTheBindingIsUsed() throws Exception {
        String loaded = outputOf(run("-Xlog:class+load:stdout"), 0);
        assertEquals(
                List.of("ai.djl.huggingface.tokenizers.jni.TokenizersLibrary"),
                loaded.lines()
                        .filter(line -> line.contains(" ai.djl."))
                        .map(line -> line.replaceAll(".* (ai\\.djl\\.[\\w.$]+) .*", "$1"))
                        .toList());
    }

    @Test
    void aFolderThatIsNoneIsNamedWhenUnpackingFails() throws Exception {
        String output = outputOf(run("-Djava.io.tmpdir=" + folder.resolve("missing")), 1);
        assertTrue(output.contains(folder.resolve("missing").toString()), output);
    }

    private Process run(String flag) throws IOException {
        return new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.io.tmpdir=" + folder.resolve("temporary"),
                        flag,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
    }

    private static String outputOf(Process process, int expectedStatus) throws Exception {
        try {
            String output = new String(process.getInputStream().readAllBytes(), Charset.defaultCharset());
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
            assertEquals(expectedStatus, process.exitValue(), output);
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
