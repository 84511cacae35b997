package dev.weir.backend.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.natives.SharedLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jcuda.jcublas.JCublas2;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The {@code libcublas.so.12} that Weir ships for machines with CUDA 13 only. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class ForwardingLibraryTest {

    private static final Path SOURCE = Path.of("src/main/native/cublas");
    private static final Path SHIPPED = Path.of("src/main/resources/dev/weir/backend/cuda/driver/libcublas.so.12");

    /** A cuBLAS 13 of two functions; the first says what came through, of registers of both kinds and of the stack. */
    private static final String CUBLAS_13 = """
            double cublasSgemm_v2(long a, int b, float c, double d, long e, long f, long g, long h, long i, int j) {
                return a + 10 * b + 100 * c + 1e3 * d + 1e4 * e + 1e5 * f + 1e6 * g + 1e7 * h + 1e8 * i + 1e9 * j;
            }
            int cublasCreate_v2(void) { return 7; }
            """;

    @TempDir
    private Path folder;

    /** What the other JVM runs: its working folder has the two libraries. */
    static final class Program {
        @SuppressWarnings("restricted")
        public static void main(String[] arguments) throws Throwable {
            for (String library : List.of("libcublas.so.13", "libcublas.so.12")) {
                SharedLibrary.open(System.getProperty("libraries") + "/" + library)
                        .ifPresent(reason -> {
                            throw new AssertionError(reason);
                        });
            }
            var forwarder = SymbolLookup.libraryLookup(
                    Path.of(System.getProperty("libraries"), "libcublas.so.12"), Arena.global());
            Linker linker = Linker.nativeLinker();
            var gemm = linker.downcallHandle(
                    forwarder.findOrThrow("cublasSgemm_v2"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_DOUBLE,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_FLOAT,
                            ValueLayout.JAVA_DOUBLE,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_INT));
            System.out.println((long) (double) gemm.invokeExact(1L, 2, 3f, 4.0, 5L, 6L, 7L, 8L, 9L, 1));
            for (String function : List.of("cublasCreate_v2", "cublasDestroy_v2")) {
                var call = linker.downcallHandle(
                        forwarder.findOrThrow(function), FunctionDescriptor.of(ValueLayout.JAVA_INT));
                System.out.println((int) call.invokeExact());
            }
        }
    }

    @Test
    void whatIsShippedIsWhatTheSourcesMake() throws Exception {
        OtherJvm.outputOf(List.of(SOURCE.resolve("build").toString(), folder.toString()), Map.of());
        List<String> shipped = exported(SHIPPED);
        assertEquals(exported(folder.resolve("libcublas.so.12")), shipped);
        String list = Files.readString(SOURCE.resolve("functions.h"));
        assertEquals(
                list.lines()
                        .filter(line -> line.startsWith("FUNCTION("))
                        .map(line -> line.replaceAll("FUNCTION\\((\\w+)\\)", "$1@@libcublas.so.12"))
                        .toList(),
                shipped);
    }

    @Test
    void everyFunctionThatJCublasNamesIsForwarded() throws Exception {
        Path jcublas = folder.resolve("libJCublas2.so");
        try (InputStream packed = JCublas2.class.getResourceAsStream("/lib/libJCublas2-12.6.0-linux-x86_64.so")) {
            Files.copy(packed, jcublas);
        }
        assertEquals(
                symbols("--undefined-only", jcublas).stream()
                        .filter(symbol -> symbol.startsWith("cublas"))
                        .collect(Collectors.toSet()),
                exported(SHIPPED).stream()
                        .map(symbol -> symbol.replace("@@", "@"))
                        .collect(Collectors.toSet()));
    }

    /** What it was built on must not be needed where it runs. */
    @Test
    void itNeedsNothingOfANewMachine() throws Exception {
        List<String> needed = symbols("--undefined-only", SHIPPED).stream()
                .filter(symbol -> symbol.contains("@GLIBC"))
                .toList();
        assertTrue(
                needed.size() > 1 && needed.stream().allMatch(symbol -> symbol.endsWith("@GLIBC_2.2.5")),
                needed::toString);
    }

    @Test
    void aCallComesThroughAsItWasMadeAndAMissingFunctionIsNotSupported() throws Exception {
        Path source = Files.writeString(folder.resolve("cublas13.c"), CUBLAS_13);
        OtherJvm.outputOf(
                List.of(
                        "gcc",
                        "-shared",
                        "-fPIC",
                        "-Wl,-soname,libcublas.so.13",
                        source.toString(),
                        "-o",
                        folder.resolve("libcublas.so.13").toString()),
                Map.of());
        Files.copy(SHIPPED, folder.resolve("libcublas.so.12"));
        assertEquals("1987654321\n7\n15\n", OtherJvm.run(Program.class, Map.of(), "-Dlibraries=" + folder));
    }

    private static List<String> exported(Path library) throws IOException, InterruptedException {
        return symbols("--defined-only", library).stream()
                .filter(symbol -> symbol.startsWith("cublas"))
                .sorted()
                .toList();
    }

    private static List<String> symbols(String which, Path library) throws IOException, InterruptedException {
        return OtherJvm.outputOf(List.of("nm", "-D", which, library.toString()), Map.of())
                .lines()
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .toList();
    }
}
