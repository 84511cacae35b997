package dev.weir.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code weir}, in a house of its own with a JDK and a Maven that only write down what they are asked. */
class LauncherTest {

    @TempDir
    Path folder;

    private Path home = Path.of("");
    private Path work = Path.of("");

    @BeforeEach
    void build() throws IOException {
        home = Files.createDirectories(folder.resolve("a house with spaces"));
        work = Files.createDirectories(folder.resolve("elsewhere"));
        Files.createDirectories(home.resolve("src/main"));
        Files.writeString(home.resolve("pom.xml"), "<project/>");
        Files.copy(Path.of("weir"), home.resolve("weir"));
        script("jdk/bin/java", "pwd; printf '<%s>\\n' \"$@\"");
        script("jdk/bin/javac", "");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
        script("maven/mvn", """
                echo "$*" >>builds
                [ ! -e broken ] || { echo this is what is wrong; exit 1; }
                mkdir -p target && sleep 0.3 && echo jar >target/weir.jar""");
    }

    private void script(String path, String body) throws IOException {
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private record Run(int code, List<String> out, String err) {}

    private Process start(Path launcher, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(work.toFile());
        Map<String, String> environment = builder.environment();
        environment.put("PATH", folder.resolve("maven") + ":" + System.getenv("PATH"));
        environment.put("JAVA_HOME", folder.resolve("jdk").toString());
        return builder.start();
    }

    private static Run end(Process process) throws IOException, InterruptedException {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the launcher hangs");
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.exitValue(), out.lines().toList(), err);
    }

    private Run run(String... arguments) throws IOException, InterruptedException {
        return end(start(home.resolve("weir"), arguments));
    }

    private long builds() throws IOException {
        return Files.readAllLines(home.resolve("builds")).size();
    }

    @Test
    void argumentsArriveAsTheyWereGivenInTheFolderOfTheCaller() throws IOException, InterruptedException {
        String[] arguments = {"generate", "Once upon  a \"time\"", "", "*", "$HOME", "--stop", "\n"};
        Run run = run(arguments);
        assertEquals(0, run.code(), run.err());
        assertEquals(work.toRealPath().toString(), run.out().getFirst());
        int jar = run.out().indexOf("<-jar>");
        assertEquals("<" + home.toRealPath() + "/target/weir.jar>", run.out().get(jar + 1));
        String passed = String.join("\n", run.out().subList(jar + 2, run.out().size()));
        assertEquals("<" + String.join(">\n<", arguments) + ">", passed);
        assertTrue(
                run.out().contains("<-Dweir.home=" + home.toRealPath() + ">"),
                run.out().toString());
        assertTrue(run.out().contains("<-Dweir.terminals=>"), "no person reads what a test reads");
        assertTrue(run.out().contains("<--add-modules=jdk.incubator.vector>"));
        assertFalse(run("hooks").out().contains("<--add-modules=jdk.incubator.vector>"));
    }

    @Test
    void itCanBeCalledThroughLinks() throws IOException, InterruptedException {
        Path link = Files.createSymbolicLink(work.resolve("my weir"), Path.of("../a house with spaces/weir"));
        Path again = Files.createSymbolicLink(folder.resolve("again"), link);
        Run run = end(start(again, "hooks"));
        assertEquals(0, run.code(), run.err());
        assertTrue(
                run.out().contains("<-Dweir.home=" + home.toRealPath() + ">"),
                run.out().toString());
    }

    @Test
    void itBuildsOnFirstUseAndAgainOnlyWhenSourcesChange() throws IOException, InterruptedException {
        Run first = run("hooks");
        assertEquals("Building Weir (first use, about a minute) ...\n", first.err());
        assertEquals("", run("hooks").err());
        assertEquals(1, builds());
        Path source = Files.writeString(home.resolve("src/main/New.java"), "class New {}");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(2)));
        assertTrue(run("hooks").err().startsWith("Building Weir (its sources have changed)"));
        assertEquals(2, builds());
        Files.setLastModifiedTime(source, FileTime.from(Instant.EPOCH));
        Files.setLastModifiedTime(home.resolve("src/main"), FileTime.from(Instant.EPOCH));
        assertEquals("", run("hooks").err());
    }

    @Test
    void twoAtOnceBuildOnce() throws IOException, InterruptedException {
        Process one = start(home.resolve("weir"), "hooks");
        Process other = start(home.resolve("weir"), "plan");
        Run first = end(one);
        Run second = end(other);
        assertEquals(0, first.code(), first.err());
        assertEquals(0, second.code(), second.err());
        assertEquals(1, builds());
    }

    @Test
    void theLockOfABuilderThatWasKilledHoldsNobodyUp() throws IOException, InterruptedException {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Files.createDirectories(home.resolve("target"));
        Files.createSymbolicLink(home.resolve("target/weir.lock"), Path.of(String.valueOf(gone.pid())));
        Run run = run("hooks");
        assertEquals(0, run.code(), run.err());
        assertEquals(1, builds());
        assertFalse(Files.isSymbolicLink(home.resolve("target/weir.lock")));
    }

    @Test
    void aBuildThatFailsIsShownAndTriedAgain() throws IOException, InterruptedException {
        Files.createFile(home.resolve("broken"));
        Run failed = run("hooks");
        assertEquals(1, failed.code());
        assertEquals(List.of(), failed.out());
        assertTrue(failed.err().contains("this is what is wrong"), failed.err());
        assertTrue(failed.err().contains("weir: the build failed; the log above is in "), failed.err());
        Files.delete(home.resolve("broken"));
        assertEquals(0, run("hooks").code());
    }
}
