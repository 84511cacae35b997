package dev.weir.backend.natives;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Shared libraries that are the machine's own, opened for the whole life of the process. A library that is open is found by whatever
 * names it as a dependency, wherever it lies: so opening {@code libcuda.so.1} here lets JCuda find it without LD_LIBRARY_PATH.
 */
public final class SharedLibrary {

    private static final int LAZY = 1;

    // The loader's own functions: the JDK's give no reason when they fail.
    private static final MethodHandle OPEN =
            function("dlopen", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle REASON = function("dlerror", FunctionDescriptor.of(ValueLayout.ADDRESS));

    private SharedLibrary() {}

    /**
     * Opens the first that can be opened: by its name, as the loader finds it (LD_LIBRARY_PATH, then the system's folders), then in
     * each of the folders.
     *
     * @return what was opened, or empty if there is none
     */
    public static Optional<String> openFirst(String name, List<Path> folders) {
        var candidates = new ArrayList<String>();
        candidates.add(name);
        folders.stream()
                .map(folder -> folder.resolve(name))
                .filter(Files::exists)
                .map(Path::toString)
                .forEach(candidates::add);
        return candidates.stream()
                .filter(candidate -> open(candidate).isEmpty())
                .findFirst();
    }

    /**
     * Opens a library by name or path.
     *
     * @return why it cannot be opened, or empty if it is open
     */
    @SuppressWarnings("restricted")
    public static Optional<String> open(String library) {
        try (var arena = Arena.ofConfined()) {
            var opened = (MemorySegment) OPEN.invokeExact(arena.allocateFrom(library), LAZY);
            if (opened.address() != 0) {
                return Optional.empty();
            }
            var reason = (MemorySegment) REASON.invokeExact();
            return Optional.of(reason.reinterpret(Long.MAX_VALUE).getString(0));
        } catch (Throwable e) {
            throw new LinkageError("dlopen", e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }
}
