package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The PTX that ships is what the sources give. Only the nvcc that made it can tell, so the test passes by where that is not. */
class KernelBuildTest {

    private static final String RELEASE = "release 13.0,";

    /** What a command ended with, and said. */
    private record Ended(int code, String output) {}

    private static Ended run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output);
    }

    private static boolean isThere() throws InterruptedException {
        try {
            return run("nvcc", "--version").output.contains(RELEASE);
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void whatIsCommittedIsWhatTheSourcesGive() throws IOException, InterruptedException {
        assumeTrue(isThere(), "nvcc of " + RELEASE + " is not on the PATH");
        assertEquals(new Ended(0, ""), run("kernels/build", "--check"));
    }
}
