package dev.weir.backend.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("cuda")
class JCudaLibraryTest {

    private static final String LIBRARY = "libJCudaDriver-12.6.0-linux-x86_64.so";

    @TempDir
    private Path folder;

    private Path temporary;
    private Path cache;

    /** What the other JVM runs. */
    static final class Program {
        public static void main(String[] arguments) throws IOException {
            String before = System.getProperty("java.io.tmpdir");
            try (Gpu gpu = Gpu.open(0)) {
                if (gpu.freeBytes() <= 0
                        || !System.getProperty("java.io.tmpdir").equals(before)) {
                    throw new AssertionError(System.getProperty("java.io.tmpdir"));
                }
            }
            try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                maps.filter(line -> line.contains("libJCudaDriver"))
                        .map(line -> line.substring(line.indexOf('/')))
                        .distinct()
                        .forEach(System.out::println);
            }
        }
    }

    @BeforeEach
    void make() throws IOException {
        temporary = Files.createDirectory(folder.resolve("temporary"));
        cache = Files.createDirectory(folder.resolve("cache"));
    }

    private String run(Path cacheFolder) throws Exception {
        return OtherJvm.run(
                Program.class, Map.of("XDG_CACHE_HOME", cacheFolder.toString()), "-Djava.io.tmpdir=" + temporary);
    }

    private static List<Path> filesIn(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void theLibraryIsLoadedFromThePrivateFolderAndNothingIsLeftElsewhere() throws Exception {
        String said = run(cache);
        assertEquals(1, filesIn(cache).size());
        assertEquals(filesIn(cache).getFirst() + "\n", said);
        assertEquals(List.of(), filesIn(temporary));
    }

    /** JCuda by itself would load this one. */
    @Test
    void aFileOfItsNameInTheTemporaryFolderIsNotTouched() throws Exception {
        Path trap = Files.writeString(temporary.resolve(LIBRARY), "cut short");
        assertTrue(run(cache).startsWith(cache.toString()));
        assertEquals("cut short", Files.readString(trap));
    }

    @Test
    void aUserWithoutACacheFolderNeedsNone() throws Exception {
        Path none = Files.createFile(folder.resolve("file"));
        String said = run(none);
        assertTrue(said.startsWith(temporary.toString()), said);
        assertEquals(1, said.lines().count(), said);
        assertEquals(List.of(), filesIn(temporary));
    }

    @Test
    @Tag("software-gpu")
    void aDriverWithoutAGpuIsOneLineThatSaysWhereToLook() throws Exception {
        String said = OtherJvm.run(CudaUnavailableTest.Program.class, Map.of("SOFTWARE_GPU_DEVICES", "0"));
        assertEquals(2, said.lines().count(), said);
        assertTrue(said.startsWith("the CUDA driver shows no GPU; see what nvidia-smi lists"), said);
        assertTrue(said.contains("(CUDA_ERROR_NO_DEVICE, 100)"), said);
    }
}
