package dev.weir.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a figure must be quoted with.
 *
 * @param when the day, in UTC
 * @param commit of the sources; {@code unknown} where they are not under git
 * @param machine its processor, cores and memory
 * @param java the version of the JVM
 */
public record Provenance(String when, String commit, String machine, String java) {

    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    /**
     * Of this run.
     *
     * @param home the folder of Weir
     * @param environment in which {@code WEIR_COMMIT} and {@code WEIR_MACHINE} may say what the run cannot know
     */
    public static Provenance of(Path home, Map<String, String> environment) {
        return new Provenance(
                LocalDate.now(ZoneOffset.UTC).toString(),
                Optional.ofNullable(environment.get("WEIR_COMMIT")).orElseGet(() -> commitOf(home)),
                Optional.ofNullable(environment.get("WEIR_MACHINE")).orElseGet(Provenance::machineHere),
                System.getProperty("java.version"));
    }

    private static String commitOf(Path home) {
        var git = new ProcessBuilder("git", "-C", home.toString(), "describe", "--always", "--dirty");
        try {
            Process process = git.redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? said : "unknown";
        } catch (IOException e) {
            return "unknown"; // no git here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }

    private static String machineHere() {
        long bytes =
                ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                        ? system.getTotalMemorySize()
                        : 0;
        int cores = Runtime.getRuntime().availableProcessors();
        return "%s, %d virtual core%s, %d GiB"
                .formatted(processor(), cores, cores == 1 ? "" : "s", Math.round(bytes / (double) (1L << 30)));
    }

    private static String processor() {
        try (Stream<String> lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch"); // not Linux
        }
    }
}
