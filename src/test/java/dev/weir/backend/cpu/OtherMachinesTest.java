package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bits do not depend on how wide the registers are, or on whether there are any: what other machines have, other JVMs imitate. */
class OtherMachinesTest {

    private static final String MODULE = "--add-modules=jdk.incubator.vector";
    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

    private static String run(String... flags) throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), BitsOfThisMachine.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    private static void assertSays(String description, String said) {
        String expected = "CPU, " + description + ", 1 thread: " + BitsOfThisMachine.sum();
        assertTrue(said.contains(expected), () -> "expected " + expected + ", got " + said);
    }

    @Test
    void aMachineOfFourLanesHasTheSameBits() throws IOException, InterruptedException {
        assertSays("4 lanes of float32", run(MODULE, NATIVE, "-XX:MaxVectorSize=16"));
    }

    @Test
    void aMachineWithoutVectorsHasTheSameBitsAndSaysWhatItNeeds() throws IOException, InterruptedException {
        String said = run();
        assertSays("scalar", said);
        assertTrue(said.contains(MODULE) && said.contains(NATIVE), said);
        assertEquals(1, said.split("WARNING", -1).length - 1, said);
    }
}
