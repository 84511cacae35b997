package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.program.Op;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Op records, kernel files, constants, rows of the table and the PTX that ships say the same. */
class KernelTest {

    private static final Path KERNELS = Path.of("kernels");
    private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\(([^)]*)\\)");
    private static final Pattern PARAMETER = Pattern.compile("\\.param \\.(?:align \\d+ )?\\.?(\\w+)");
    private static final Pattern LAUNCH = Pattern.compile("// launch ?(\\w*): block (\\d+)");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> files(Path folder, String ending) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(ending)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String stem(Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.indexOf('.'));
    }

    private static String kind(String ptxType) {
        return switch (ptxType) {
            case "u64", "b64" -> "p";
            case "u32", "s32", "b32" -> "i";
            case "f32" -> "f";
            default -> ptxType;
        };
    }

    private static Map<String, String> declared() {
        return Arrays.stream(Kernel.values())
                .collect(Collectors.toMap(
                        k -> k.file() + "." + k.entry(), Kernel::parameters, (a, b) -> a, TreeMap::new));
    }

    @Test
    void thePtxHasTheseEntriesWithTheseParametersAndNoOthers() {
        var shipped = new TreeMap<String, String>();
        for (Path file : files(KERNELS.resolve("ptx"), ".ptx")) {
            ENTRY.matcher(read(file)).results().forEach(entry -> {
                String parameters = PARAMETER
                        .matcher(entry.group(2))
                        .results()
                        .map(p -> kind(p.group(1)))
                        .collect(Collectors.joining());
                shipped.put(stem(file) + "." + entry.group(1), parameters);
            });
        }
        assertEquals(shipped, declared());
    }

    @Test
    void everySourceHasItsPtx() {
        assertEquals(
                files(KERNELS, ".cu").stream().map(KernelTest::stem).toList(),
                files(KERNELS.resolve("ptx"), ".ptx").stream()
                        .map(KernelTest::stem)
                        .toList());
    }

    @Test
    void blocksAreThoseThatTheSourcesState() {
        for (Kernel kernel : Kernel.values()) {
            List<MatchResult> lines = LAUNCH.matcher(read(KERNELS.resolve(kernel.file() + ".cu")))
                    .results()
                    .toList();
            String family = kernel.entry().replaceAll("_(f32|bf16|f16)$", "_T");
            String block = lines.stream()
                    .filter(line -> line.group(1).isEmpty() || line.group(1).equals(family))
                    .map(line -> line.group(2))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no launch line for " + kernel));
            assertEquals(block, Integer.toString(kernel.block()), kernel.name());
        }
    }

    private static Set<String> ops() {
        return Stream.of(Op.class, Op.Plain.class, Op.Edited.class)
                .flatMap(kind -> Arrays.stream(kind.getPermittedSubclasses()))
                .filter(Class::isRecord)
                .filter(op -> op != Op.Hook.class)
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String snake(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
    }

    /** The op whose name the file has, perhaps with an algorithm after it. */
    private static String opOf(String file, Set<String> ops) {
        return ops.stream()
                .filter(op -> file.equals(snake(op)) || file.startsWith(snake(op) + "_"))
                .max((a, b) -> Integer.compare(a.length(), b.length()))
                .orElseThrow(() -> new AssertionError("file " + file + " is of no op"));
    }

    @Test
    void filesAreNamedAfterOpsAndEveryOpHasItsFile() {
        Set<String> ops = ops();
        Set<String> withFile = files(KERNELS, ".cu").stream()
                .map(KernelTest::stem)
                .filter(file -> !file.startsWith("step_")) // all ops of few rows
                .map(file -> opOf(file, ops))
                .collect(Collectors.toCollection(TreeSet::new));
        ops.removeAll(Set.of("LinearActivate", "LinearGroup")); // functions and parts of the linear kernels
        assertEquals(ops, withFile);
    }

    @Test
    void theTableHasARowForEveryFileWithItsOpsAndKernels() {
        var table = new TreeMap<String, Set<String>>();
        var ops = new TreeSet<String>();
        for (String line : read(KERNELS.resolve("README.md")).lines().toList()) {
            String[] cells = line.split("\\|", -1);
            if (cells.length > 4 && cells[2].contains(".cu")) {
                String file = CODE.matcher(cells[2])
                        .results()
                        .findFirst()
                        .orElseThrow()
                        .group(1);
                table.put(
                        file.replace(".cu", ""),
                        CODE.matcher(cells[3])
                                .results()
                                .map(m -> m.group(1))
                                .collect(Collectors.toCollection(TreeSet::new)));
                Arrays.stream(cells[1].strip().split(", "))
                        .filter(op -> !op.isEmpty())
                        .forEach(ops::add);
            }
        }
        var kernels = new TreeMap<String, Set<String>>();
        for (Kernel kernel : Kernel.values()) {
            kernels.computeIfAbsent(kernel.file(), file -> new TreeSet<>())
                    .add(kernel.entry().replaceAll("_(f32|bf16|f16)$", "_T"));
        }
        assertEquals(kernels, table);
        assertEquals(ops(), ops);
    }

    @Test
    void argumentsOfOtherKindsAreRefused() {
        Kernel.ADD.requireArguments(List.of(1L, 2L, 3L, 4));
        var e = assertThrows(IllegalArgumentException.class, () -> Kernel.ADD.requireArguments(List.of(1L, 2L, 3, 4f)));
        assertTrue(e.getMessage().endsWith("expected pppi, got ppif"), e.getMessage());
    }
}
