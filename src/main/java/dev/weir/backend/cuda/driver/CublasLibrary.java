package dev.weir.backend.cuda.driver;

import dev.weir.backend.natives.NativeFolder;
import dev.weir.backend.natives.SharedLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether this process has a cuBLAS, and which.
 *
 * <p>JCublas wants {@code libcublas.so.12}. It is looked for as the loader does (LD_LIBRARY_PATH, then what {@code ldconfig -p} lists),
 * then in the toolkit that {@code CUDA_HOME} or {@code CUDA_PATH} names, then in the toolkits under {@code /usr/local} and {@code /opt}, newest
 * first. Where there is none, {@code libcublas.so.13} is looked for in the same places, and a library of ours that calls itself
 * {@code libcublas.so.12} hands every call on to it.
 *
 * @param isUsable whether JCublas is loaded
 * @param status one line: which is in use and why, or why none is and how to get it
 */
record CublasLibrary(boolean isUsable, String status) {

    private static final Logger LOG = System.getLogger(CublasLibrary.class.getName());

    private static final String WANTED = "libcublas.so.12";
    private static final String NEXT = "libcublas.so.13";
    private static final String HOW_TO_GET_IT =
            "; Weir's own kernels multiply (for cuBLAS, install CUDA 12's or 13's, and name its folder in"
                    + " LD_LIBRARY_PATH or CUDA_HOME)";

    /** What was found when somebody first asked. */
    private static final class OfThisProcess {
        static final CublasLibrary FOUND = look();

        static {
            LOG.log(Level.INFO, FOUND.status());
        }
    }

    /** Looks once, when it is first asked. */
    static CublasLibrary find() {
        return OfThisProcess.FOUND;
    }

    private static CublasLibrary look() {
        List<Path> folders = folders();
        try {
            Optional<String> wanted = SharedLibrary.openFirst(WANTED, folders);
            if (wanted.isPresent()) {
                return load("cuBLAS is used: " + wanted.get());
            }
            Optional<String> next = SharedLibrary.openFirst(NEXT, folders);
            if (next.isPresent()) {
                return forwarding(next.get());
            }
            return none("neither " + WANTED + " nor " + NEXT + " is where the loader looks"
                    + (folders.isEmpty() ? "" : ", or in " + folders));
        } catch (CudaUnavailable | IOException e) {
            return none(e.getMessage());
        }
    }

    private static CublasLibrary forwarding(String next) throws IOException {
        Path forwarder = NativeFolder.unpackSomewhere(WANTED, forwarder());
        Optional<String> refusal = SharedLibrary.open(forwarder.toString());
        return refusal.isPresent()
                ? none(refusal.get())
                : load("cuBLAS is used: " + next + ", through Weir's forwarding library, for there is no " + WANTED);
    }

    private static CublasLibrary load(String status) {
        JCudaLibrary.CUBLAS.load();
        return new CublasLibrary(true, status);
    }

    private static CublasLibrary none(@Nullable String reason) {
        return new CublasLibrary(false, "cuBLAS is not used: " + reason + HOW_TO_GET_IT);
    }

    private static byte[] forwarder() throws IOException {
        try (InputStream packed = CublasLibrary.class.getResourceAsStream(WANTED)) {
            if (packed == null) {
                throw new IOException("the forwarding library is not in Weir's jar");
            }
            return packed.readAllBytes();
        }
    }

    /** Where it is looked for after the loader has. */
    static List<Path> folders() {
        var toolkits = new ArrayList<Path>();
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
            String toolkit = System.getenv(variable);
            if (toolkit != null) {
                toolkits.add(Path.of(toolkit));
            }
        }
        toolkits.addAll(toolkitsIn(Path.of("/usr/local")));
        toolkits.addAll(toolkitsIn(Path.of("/opt")));
        return toolkits.stream()
                .flatMap(toolkit -> Stream.of(toolkit.resolve("lib64"), toolkit.resolve("targets/x86_64-linux/lib")))
                .filter(Files::isDirectory)
                .toList();
    }

    /** {@code cuda-13.0} before {@code cuda-12.6} before {@code cuda}. */
    private static List<Path> toolkitsIn(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith("cuda"))
                    .sorted(Comparator.reverseOrder())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
