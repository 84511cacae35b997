package dev.weir.backend.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where cuBLAS is installed; the software GPU brings its own. */
@Tag("cuda")
class CublasTest {

    private static final Path SOFTWARE_GPU = Path.of("target/software-gpu").toAbsolutePath();

    private Gpu gpu;
    private Stream stream;

    /** What the other JVM runs. */
    static final class Program {
        public static void main(String[] arguments) {
            try (Gpu gpu = Gpu.open(0);
                    Stream stream = gpu.stream()) {
                System.out.println(gpu.cublasStatus());
                gpu.cublas().ifPresent(cublas -> {
                    var product = new Product(DType.FLOAT32, 3, 5, 7);
                    float[] values = product.on(gpu, stream, cublas, false);
                    product.assertClose(values, 1e-6);
                    System.out.println(values.length + " values");
                });
            }
        }
    }

    /** x [rows, depth] times w [depth, columns], with rows longer than they need be. */
    private record Product(DType type, int rows, int depth, int columns, float[] x, float[] weights) {

        private static final int PADDING = 3;

        Product(DType type, int rows, int depth, int columns) {
            this(
                    type,
                    rows,
                    depth,
                    columns,
                    random(type, rows * (depth + PADDING), 1),
                    random(type, columns * (depth + PADDING), 2));
        }

        private static float[] random(DType type, int count, int seed) {
            var random = new Random(seed);
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = rounded(type, random.nextFloat(-1, 1));
            }
            return values;
        }

        private static float rounded(DType type, float value) {
            try (var arena = Arena.ofConfined()) {
                MemorySegment one = arena.allocate(8);
                type.write(one, 0, value);
                return type.read(one, 0);
            }
        }

        private DeviceMemory onto(Gpu gpu, Stream stream, float[] values) {
            DeviceMemory memory = gpu.allocate((long) values.length * type.bytes(), "a factor");
            try (var arena = Arena.ofConfined()) {
                MemorySegment host = arena.allocate(memory.bytes(), 8);
                for (int i = 0; i < values.length; i++) {
                    type.write(host, (long) i * type.bytes(), values[i]);
                }
                stream.copyIn(memory.address(), host);
            }
            return memory;
        }

        float[] on(Gpu gpu, Stream stream, Cublas cublas, boolean tf32) {
            int stride = depth + PADDING;
            try (DeviceMemory left = onto(gpu, stream, x);
                    DeviceMemory right = onto(gpu, stream, weights);
                    DeviceMemory out = gpu.allocate((long) rows * columns * Float.BYTES, "a product")) {
                cublas.multiply(
                        stream,
                        type,
                        tf32,
                        rows,
                        depth,
                        columns,
                        left.address(),
                        stride,
                        right.address(),
                        stride,
                        out.address());
                return Probe.read(stream, out);
            }
        }

        void assertClose(float[] values, double bound) {
            assertEquals(rows * columns, values.length);
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    double sum = 0;
                    double size = 0;
                    for (int k = 0; k < depth; k++) {
                        double part = (double) x[row * (depth + PADDING) + k] * weights[column * (depth + PADDING) + k];
                        sum += part;
                        size += Math.abs(part);
                    }
                    assertEquals(sum, values[row * columns + column], bound * size, "at " + row + ", " + column);
                }
            }
        }
    }

    @BeforeEach
    void open() {
        gpu = Gpu.open(0);
        stream = gpu.stream();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    private Cublas cublas() {
        Optional<Cublas> cublas = gpu.cublas();
        assumeTrue(cublas.isPresent(), gpu::cublasStatus);
        return cublas.orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "FLOAT32, 1, 1, 1",
        "FLOAT32, 9, 33, 17",
        "FLOAT32, 64, 128, 96",
        "BFLOAT16, 1, 5, 3",
        "BFLOAT16, 16, 61, 40",
        "FLOAT16, 1, 5, 3",
        "FLOAT16, 16, 61, 40"
    })
    void aProductIsThatOfRowsAndOutMajorWeights(DType type, int rows, int depth, int columns) {
        var product = new Product(type, rows, depth, columns);
        try (Cublas cublas = cublas()) {
            product.assertClose(product.on(gpu, stream, cublas, false), 1e-6);
        }
    }

    @Test
    void tf32IsTakenOnlyWhenAskedFor() {
        var product = new Product(DType.FLOAT32, 32, 64, 32);
        try (Cublas cublas = cublas()) {
            float[] rounded = product.on(gpu, stream, cublas, true);
            product.assertClose(rounded, 1e-3);
            assertThrows(AssertionError.class, () -> product.assertClose(rounded, 1e-6));
            product.assertClose(product.on(gpu, stream, cublas, false), 1e-6);
        }
    }

    @Test
    void aCapturedProductHasTheBitsOfAPlainOne() {
        int count = 40;
        float[] x = Product.random(DType.FLOAT32, count * count, 3);
        try (Cublas cublas = cublas();
                DeviceMemory left = Probe.floats(gpu, stream, x);
                DeviceMemory plain = gpu.allocate(left.bytes(), "a product");
                DeviceMemory replayed = gpu.allocate(left.bytes(), "a product")) {
            for (DeviceMemory out : List.of(plain, replayed)) {
                boolean capture = out == replayed;
                if (capture) {
                    stream.beginCapture();
                }
                cublas.multiply(
                        stream,
                        DType.FLOAT32,
                        false,
                        count,
                        count,
                        count,
                        left.address(),
                        count,
                        left.address(),
                        count,
                        out.address());
                if (capture) {
                    try (Graph graph = stream.endCapture()) {
                        graph.launch(stream);
                        graph.launch(stream);
                        stream.synchronize();
                    }
                }
            }
            assertArrayEquals(Probe.read(stream, plain), Probe.read(stream, replayed));
        }
    }

    @Test
    void typesThatCannotBeMultipliedAreRefused() {
        try (Cublas cublas = cublas()) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> cublas.multiply(stream, DType.INT32, false, 1, 1, 1, 0, 1, 0, 1, 0));
        }
    }

    @Test
    @Tag("software-gpu")
    void aProductThatCublasRefusesIsNamed() {
        try (Cublas cublas = cublas();
                DeviceMemory small = gpu.allocate(16, "too little")) {
            var refusal = assertThrows(
                    CallFailed.class,
                    () -> cublas.multiply(
                            stream,
                            DType.FLOAT32,
                            false,
                            4,
                            5,
                            6,
                            small.address(),
                            5,
                            small.address(),
                            5,
                            small.address()));
            assertEquals(
                    "cuBLAS: float32 [4, 5] x [5, 6]: cuBLAS says: invalid value (CUBLAS_STATUS_INVALID_VALUE, 7)",
                    refusal.getMessage());
            assertFalse(gpu.isLost());
        }
    }

    @Test
    @Tag("software-gpu")
    void theStatusSaysWhichCublasIsUsed() {
        assertTrue(gpu.cublas().isPresent());
        assertEquals("cuBLAS is used: libcublas.so.12", gpu.cublasStatus());
    }

    private static void assumeThatTheMachineHasNone() throws Exception {
        String installed = OtherJvm.outputOf(List.of("/sbin/ldconfig", "-p"), Map.of());
        assumeFalse(installed.contains("libcublas.so."), installed);
        for (Path folder : CublasLibrary.folders()) {
            assumeFalse(Files.exists(folder.resolve("libcublas.so.12")), folder::toString);
            assumeFalse(Files.exists(folder.resolve("libcublas.so.13")), folder::toString);
        }
    }

    @Test
    @Tag("software-gpu")
    void cublas13IsUsedWhereThereIsNo12(@TempDir Path libraries) throws Exception {
        assumeThatTheMachineHasNone();
        Files.copy(SOFTWARE_GPU.resolve("libcuda.so.1"), libraries.resolve("libcuda.so.1"));
        Files.copy(SOFTWARE_GPU.resolve("cublas-13/libcublas.so.13"), libraries.resolve("libcublas.so.13"));
        String said = OtherJvm.run(Program.class, Map.of("LD_LIBRARY_PATH", libraries.toString()));
        List<String> lines = said.lines()
                .filter(line -> !line.startsWith("INFO") && !line.contains("CublasLibrary"))
                .toList();
        assertEquals(
                List.of(
                        "cuBLAS is used: libcublas.so.13, through Weir's forwarding library, for there is no libcublas.so.12",
                        "21 values"),
                lines,
                said);
    }

    @Test
    @Tag("software-gpu")
    void aMachineWithoutCublasSaysHowToGetIt(@TempDir Path libraries) throws Exception {
        assumeThatTheMachineHasNone();
        Files.copy(SOFTWARE_GPU.resolve("libcuda.so.1"), libraries.resolve("libcuda.so.1"));
        String said = OtherJvm.run(Program.class, Map.of("LD_LIBRARY_PATH", libraries.toString()));
        assertTrue(said.contains("cuBLAS is not used: neither libcublas.so.12 nor libcublas.so.13"), said);
        assertTrue(said.contains("LD_LIBRARY_PATH or CUDA_HOME"), said);
    }
}
