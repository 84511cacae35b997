package dev.weir.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Random;

/** One product of OpenBLAS, [rows, inputs] x [inputs, outputs], on random numbers. */
@SuppressWarnings("restricted") // the library is what is measured
final class OpenBlas implements AutoCloseable {

    private static final int ROW_MAJOR = 101;
    private static final int NOT_TRANSPOSED = 111;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    private final Arena arena = Arena.ofConfined();
    private final MethodHandle sgemm;
    private final int rows;
    private final int inputs;
    private final int outputs;
    private final MemorySegment a;
    private final MemorySegment b;
    private final MemorySegment c;

    /** @param library such as {@code libopenblas.so.0} */
    OpenBlas(String library, int threads, int rows, int inputs, int outputs) {
        this.rows = rows;
        this.inputs = inputs;
        this.outputs = outputs;
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
        Linker linker = Linker.nativeLinker();
        sgemm = linker.downcallHandle(
                symbols.find("cblas_sgemm").orElseThrow(),
                FunctionDescriptor.ofVoid(
                        INT,
                        INT,
                        INT,
                        INT,
                        INT,
                        INT,
                        FLOAT,
                        ValueLayout.ADDRESS,
                        INT,
                        ValueLayout.ADDRESS,
                        INT,
                        FLOAT,
                        ValueLayout.ADDRESS,
                        INT));
        MethodHandle setThreads = linker.downcallHandle(
                symbols.find("openblas_set_num_threads").orElseThrow(), FunctionDescriptor.ofVoid(INT));
        call(() -> {
            setThreads.invokeExact(threads);
        });
        a = random((long) rows * inputs);
        b = random((long) inputs * outputs);
        c = arena.allocate(FLOAT, (long) rows * outputs);
    }

    private MemorySegment random(long count) {
        MemorySegment values = arena.allocate(FLOAT, count);
        var random = new Random(1);
        for (long i = 0; i < count; i++) {
            values.setAtIndex(FLOAT, i, random.nextFloat() - 0.5f);
        }
        return values;
    }

    void run() {
        call(() -> {
            sgemm.invokeExact(
                    ROW_MAJOR,
                    NOT_TRANSPOSED,
                    NOT_TRANSPOSED,
                    rows,
                    outputs,
                    inputs,
                    1f,
                    a,
                    inputs,
                    b,
                    outputs,
                    0f,
                    c,
                    outputs);
        });
    }

    private interface Call {
        void run() throws Throwable;
    }

    private static void call(Call call) {
        try {
            call.run();
        } catch (Throwable e) {
            throw new IllegalStateException("OpenBLAS could not be called", e);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
