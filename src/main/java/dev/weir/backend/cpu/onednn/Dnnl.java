package dev.weir.backend.cpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Optional;

/**
 * As much of oneDNN's C interface, version 3 ({@code dnnl.h}), as a product of two matrices takes. What it makes are addresses; whoever
 * asks keeps them in a {@link Made}.
 */
final class Dnnl {

    /** What a primitive is executed with, by the library's numbers. */
    enum Argument {
        SOURCE(1),
        DESTINATION(17),
        WEIGHTS(33);

        private final int number;

        Argument(int number) {
            this.number = number;
        }
    }

    private static final int CPU = 1;
    private static final int STREAM_IN_ORDER = 1;
    private static final int LAYOUT_OF_ITS_CHOICE = 1;
    private static final int LAYOUT_OF_WEIGHTS = 131;
    private static final int MOST_DIMENSIONS = 12;
    private static final long ARGUMENT_BYTES = 16;

    private final Library library;
    private final MemorySegment engine;
    private final MethodHandle place;
    private final MethodHandle execute;
    private final MethodHandle await;
    private final MethodHandle setThreads;

    /** The library, and the one that it takes its threads from. */
    Dnnl(Library library, Library threads) {
        this.library = library;
        engine = library.make("dnnl_engine_create", CPU, 0L);
        place = library.function("dnnl_memory_set_data_handle", JAVA_INT, ADDRESS, ADDRESS);
        execute = library.function("dnnl_primitive_execute", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
        await = library.function("dnnl_stream_wait", JAVA_INT, ADDRESS);
        setThreads = threads.procedure("omp_set_num_threads", JAVA_INT);
    }

    /** The instruction sets that the library uses here, as {@code dnnl_cpu_isa_t}. */
    int instructions() {
        return library.call("dnnl_get_effective_cpu_isa");
    }

    Made made() {
        return new Made(library);
    }

    MemorySegment stream() {
        return library.make("dnnl_stream_create", engine, STREAM_IN_ORDER);
    }

    /** The layout of a matrix whose rows lie so many elements apart. */
    MemorySegment layout(DType type, long rows, long columns, long stride) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sizes = dimensions(arena, rows, columns);
            return library.make(
                    "dnnl_memory_desc_create_with_strides", 2, sizes, number(type), dimensions(arena, stride, 1));
        }
    }

    /** A layout that the library is to choose. */
    MemorySegment anyLayout(DType type, long rows, long columns) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sizes = dimensions(arena, rows, columns);
            return library.make("dnnl_memory_desc_create_with_tag", 2, sizes, number(type), LAYOUT_OF_ITS_CHOICE);
        }
    }

    private static MemorySegment dimensions(Arena arena, long first, long second) {
        return arena.allocateFrom(JAVA_LONG, Arrays.copyOf(new long[] {first, second}, MOST_DIMENSIONS));
    }

    private static int number(DType type) {
        return switch (type) {
            case FLOAT16 -> 1;
            case BFLOAT16 -> 2;
            case FLOAT32 -> 3;
            default ->
                throw new IllegalArgumentException(
                        "oneDNN: expected float32, bfloat16 or float16, got " + type.label());
        };
    }

    long bytes(MemorySegment layout) {
        return library.callLong("dnnl_memory_desc_get_size", layout);
    }

    /** The description of out = x weights; nothing if there is none on this machine. */
    Optional<MemorySegment> product(MemorySegment x, MemorySegment weights, MemorySegment out) {
        return library.tryToMake(
                "dnnl_matmul_primitive_desc_create", engine, x, weights, MemorySegment.NULL, out, MemorySegment.NULL);
    }

    /** The description of a copy into another layout. */
    MemorySegment copy(MemorySegment from, MemorySegment to) {
        return library.make("dnnl_reorder_primitive_desc_create", from, engine, to, engine, MemorySegment.NULL);
    }

    /** The layout that a product has chosen for its weights. */
    MemorySegment weightsLayout(MemorySegment product) {
        MemorySegment own = library.callAddress("dnnl_primitive_desc_query_md", product, LAYOUT_OF_WEIGHTS, 0);
        return library.make("dnnl_memory_desc_clone", own);
    }

    MemorySegment primitive(MemorySegment description) {
        return library.make("dnnl_primitive_create", description);
    }

    /** Memory of a layout, which is nowhere yet. */
    MemorySegment memory(MemorySegment layout) {
        return library.make("dnnl_memory_create", layout, engine, MemorySegment.NULL);
    }

    /** Says where memory is. */
    void place(MemorySegment memory, MemorySegment data) {
        try {
            Library.requireSuccess("dnnl_memory_set_data_handle", (int) place.invokeExact(memory, data));
        } catch (Throwable e) {
            throw Library.failure("dnnl_memory_set_data_handle", e);
        }
    }

    /** The arguments of a primitive, in memory of the arena. */
    MemorySegment arguments(Arena arena, Argument[] numbers, MemorySegment... memories) {
        MemorySegment all = arena.allocate(numbers.length * ARGUMENT_BYTES, ARGUMENT_BYTES);
        for (int i = 0; i < numbers.length; i++) {
            all.set(JAVA_INT, i * ARGUMENT_BYTES, numbers[i].number);
            all.set(ADDRESS, i * ARGUMENT_BYTES + ADDRESS.byteSize(), memories[i]);
        }
        return all;
    }

    /** Runs a primitive on the calling thread alone, and returns when it is done. */
    void execute(MemorySegment primitive, MemorySegment stream, MemorySegment arguments) {
        int count = Math.toIntExact(arguments.byteSize() / ARGUMENT_BYTES);
        try {
            setThreads.invokeExact(1); // each thread says that for itself
            Library.requireSuccess(
                    "dnnl_primitive_execute", (int) execute.invokeExact(primitive, stream, count, arguments));
            Library.requireSuccess("dnnl_stream_wait", (int) await.invokeExact(stream));
        } catch (Throwable e) {
            throw Library.failure("dnnl_primitive_execute", e);
        }
    }
}
