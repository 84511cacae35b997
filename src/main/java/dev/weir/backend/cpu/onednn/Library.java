package dev.weir.backend.cpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The functions of a shared library, by name. What one takes is told by its arguments: a segment is a pointer, an Integer an int, a
 * Long a 64-bit integer.
 */
@SuppressWarnings("restricted") // whoever asks for such a library gives native access
final class Library {

    private static final int UNIMPLEMENTED = 3;

    private final SymbolLookup symbols;
    private final Map<String, MethodHandle> functions = new ConcurrentHashMap<>();

    Library(Path file) {
        symbols = SymbolLookup.libraryLookup(file, Arena.global());
    }

    /** A function for those who call it often, by {@code invokeExact}. */
    MethodHandle function(String name, MemoryLayout result, MemoryLayout... parameters) {
        return Linker.nativeLinker()
                .downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(result, parameters));
    }

    /** A function that returns nothing, for those who call it often. */
    MethodHandle procedure(String name, MemoryLayout... parameters) {
        return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.ofVoid(parameters));
    }

    int call(String name, Object... arguments) {
        return (int) call(JAVA_INT, name, arguments);
    }

    long callLong(String name, Object... arguments) {
        return (long) call(JAVA_LONG, name, arguments);
    }

    MemorySegment callAddress(String name, Object... arguments) {
        return (MemorySegment) call(ADDRESS, name, arguments);
    }

    private Object call(MemoryLayout result, String name, Object... arguments) {
        MethodHandle function = functions.computeIfAbsent(
                name,
                n -> function(
                        n, result, Arrays.stream(arguments).map(Library::layout).toArray(MemoryLayout[]::new)));
        try {
            return function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw failure(name, e);
        }
    }

    private static MemoryLayout layout(Object argument) {
        return switch (argument) {
            case MemorySegment segment -> ADDRESS;
            case Integer number -> JAVA_INT;
            case Long number -> JAVA_LONG;
            default ->
                throw new IllegalArgumentException("argument: expected a segment, an int or a long, got " + argument);
        };
    }

    /** What a function makes, whose first parameter says where the address of it goes. */
    MemorySegment make(String name, Object... others) {
        return tryToMake(name, others)
                .orElseThrow(() -> new IllegalStateException(name + ": expected what this machine can do"));
    }

    /** The same; nothing if the library says that it has no such thing here. */
    Optional<MemorySegment> tryToMake(String name, Object... others) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = arena.allocate(ADDRESS);
            int status = call(
                    name, Stream.concat(Stream.of(made), Arrays.stream(others)).toArray());
            if (status == UNIMPLEMENTED) {
                return Optional.empty();
            }
            requireSuccess(name, status);
            return Optional.of(made.get(ADDRESS, 0));
        }
    }

    static void requireSuccess(String name, int status) {
        if (status != 0) {
            throw new IllegalStateException(name + ": expected status 0, got " + status);
        }
    }

    /** What a call ended with, as it was or as an unchecked exception. */
    static RuntimeException failure(String name, Throwable cause) {
        return switch (cause) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            case Throwable e -> new IllegalStateException(name, e);
        };
    }
}
