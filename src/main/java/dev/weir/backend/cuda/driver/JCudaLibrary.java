package dev.weir.backend.cuda.driver;

import dev.weir.backend.natives.NativeFolder;
import dev.weir.backend.natives.SharedLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Objects;
import jcuda.JCudaVersion;
import jcuda.LibUtils;

/** The native halves of JCuda that Weir uses, which lie in JCuda's jars. */
enum JCudaLibrary {
    DRIVER("JCudaDriver", "jcuda.driver.JCudaDriver"),
    CUBLAS("JCublas2", "jcuda.jcublas.JCublas2");

    private final String library;
    private final String user;

    /** @param user the class that loads it */
    JCudaLibrary(String library, String user) {
        this.library = library;
        this.user = user;
    }

    /**
     * Unpacks and loads it.
     *
     * @throws CudaUnavailable if there is none for this machine, or it does not load
     */
    void load() {
        requireLinux(System.getProperty("os.name"), System.getProperty("os.arch"));
        Path file = unpack();
        SharedLibrary.open(file.toString()).ifPresent(reason -> {
            throw new CudaUnavailable(
                    "JCuda's native code does not load: " + reason + " (XDG_CACHE_HOME=FOLDER unpacks it elsewhere)");
        });
        initialize(Objects.requireNonNull(file.getParent()));
    }

    /** JCuda has natives for no other machine. */
    static void requireLinux(String system, String machine) {
        if (!system.equals("Linux") || !(machine.equals("amd64") || machine.equals("x86_64"))) {
            throw new CudaUnavailable("CUDA is used on Linux on x86-64 only, and this is " + system + " on " + machine);
        }
    }

    private Path unpack() {
        String name =
                LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(library + "-" + JCudaVersion.get()));
        try {
            return NativeFolder.unpackSomewhere(name, content(name));
        } catch (IOException e) {
            throw new CudaUnavailable("JCuda's native code cannot be unpacked: " + e.getMessage()
                    + " (XDG_CACHE_HOME=FOLDER unpacks it elsewhere)");
        }
    }

    private static byte[] content(String name) throws IOException {
        try (InputStream packed = loader().getResourceAsStream("lib/" + name)) {
            if (packed == null) {
                throw new IOException(name + " is not on the class path; it lies in JCuda's linux-x86_64 natives");
            }
            return packed.readAllBytes();
        }
    }

    /** Of the loader, for on the module path the jar with the natives is a module of its own. */
    private static ClassLoader loader() {
        return Objects.requireNonNull(LibUtils.class.getClassLoader());
    }

    // When its class is initialized, JCuda takes the library from java.library.path, and else from a file of a fixed
    // name in
    // java.io.tmpdir, whatever that file is. So for this moment java.io.tmpdir is the folder that has the right one.
    // The JDK's own
    // temporary files stay where they were, for it read the property when it started.
    private void initialize(Path folder) {
        String before = System.getProperty("java.io.tmpdir");
        System.setProperty("java.io.tmpdir", folder.toString());
        try {
            Class.forName(user);
        } catch (ClassNotFoundException | LinkageError e) {
            throw new CudaUnavailable("JCuda does not start: " + firstLine(e), e);
        } finally {
            System.setProperty("java.io.tmpdir", before);
        }
    }

    private static String firstLine(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.toString().lines().findFirst().orElseThrow();
    }
}
