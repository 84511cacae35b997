package dev.weir.backend.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class CudaUnavailableTest {

    /** What the other JVM runs. */
    static final class Program {
        public static void main(String[] arguments) {
            for (int attempt = 0; attempt < 2; attempt++) {
                try {
                    throw new AssertionError("opened " + Gpu.open(0).info());
                } catch (CudaUnavailable e) {
                    System.out.println(e.getMessage());
                }
            }
        }
    }

    @Test
    void otherMachinesAreNamed() {
        assertDoesNotThrow(() -> JCudaLibrary.requireLinux("Linux", "amd64"));
        var refusal = assertThrows(CudaUnavailable.class, () -> JCudaLibrary.requireLinux("Mac OS X", "aarch64"));
        assertEquals("CUDA is used on Linux on x86-64 only, and this is Mac OS X on aarch64", refusal.getMessage());
        assertThrows(CudaUnavailable.class, () -> JCudaLibrary.requireLinux("Linux", "aarch64"));
    }

    /** A broken libcuda.so.1 in front of all others: as good as none, on machines that have one too. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aMissingDriverIsOneLineThatSaysWhatToDo(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("libcuda.so.1"), "no library, and longer than the header of one: ".repeat(4));
        String said = OtherJvm.run(Program.class, Map.of("LD_LIBRARY_PATH", folder.toString()));
        assertEquals(2, said.lines().count(), said);
        assertTrue(said.startsWith("there is no CUDA driver: " + folder.resolve("libcuda.so.1") + ": "), said);
        assertTrue(said.contains("LD_LIBRARY_PATH") && said.contains("install NVIDIA's driver"), said);
    }
}
