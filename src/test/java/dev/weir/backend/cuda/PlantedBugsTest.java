package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.cuda.driver.DeviceMemory;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.GpuException;
import dev.weir.backend.cuda.driver.KernelModule;
import dev.weir.backend.cuda.driver.Launch;
import dev.weir.backend.cuda.driver.Stream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The mistakes planted in {@code src/test/software-gpu/kernels/faulty.cu} are caught, and named with kernel and line. */
@Tag("cuda")
@Tag("software-gpu")
class PlantedBugsTest {

    private static final Path SOURCE = Path.of("src/test/software-gpu/kernels/faulty.cu");
    private static final int THREADS = 64;
    private static final int BLOCKS = 3;

    private Gpu gpu;

    @BeforeEach
    void open() {
        gpu = Gpu.open(0);
    }

    @AfterEach
    void close() {
        gpu.close();
        SoftwareGpu.reset();
    }

    @ParameterizedTest
    @CsvSource({
        "missing_barrier, race in shared memory",
        "missing_second_barrier, race in shared memory",
        "missing_warp_barrier, race in shared memory",
        "missing_copy_wait, before the wait for the asynchronous copy",
        "missing_barrier_after_copy, shared memory",
        "shared_index_past_the_end, index 64 is outside of an array of type 'float [64]'",
        "shared_pointer_past_the_end, a thread wrote past the end of the shared variable of 256 bytes",
        "misaligned_vector, off the alignment of 16",
        "division_by_zero, integer division by zero"
    })
    void theCheckedKernelsNameIt(String kernel, String what) throws IOException {
        for (var order : SoftwareGpu.Order.values()) {
            SoftwareGpu.checks(SoftwareGpu.Checks.ALL);
            SoftwareGpu.order(order);
            assertCaught(kernel, what);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "write_past_the_end, write at the end of a device buffer of 256 bytes (parameter 0)",
        "read_past_the_end, read at the end of a device buffer of 256 bytes (parameter 0)",
        "dynamic_shared_past_the_end, write past the end of the dynamic shared memory",
        "null_pointer, write near the address 0",
        "divergent_barrier, divergent barrier: other threads of the block wait at the barrier of",
        "barrier_of_some, deadlock: 40 threads at the barrier of",
        "shuffle_of_some, deadlock: 32 threads at the",
        "lane_not_in_mask, the calling lane is not in the mask",
        "different_masks, pass different masks",
        "failed_assertion, assertion failed: count < 64",
        "too_much_local_memory, more than 24576 bytes of local memory"
    })
    void theFastKernelsNameIt(String kernel, String what) throws IOException {
        for (var order : SoftwareGpu.Order.values()) {
            SoftwareGpu.order(order);
            assertCaught(kernel, what);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "missing_grid_barrier, without a barrier of the grid after the",
        "missing_second_grid_barrier, without a barrier of the grid after the",
        "read_only_read_of_what_is_written, as of what nobody writes",
        "write_of_what_is_read_only, as what nobody writes"
    })
    void theCheckedKernelsNameARaceOfBlocks(String kernel, String what) throws IOException {
        for (var order : SoftwareGpu.Order.values()) {
            SoftwareGpu.checks(SoftwareGpu.Checks.ALL);
            SoftwareGpu.order(order);
            assertCaught(kernel, what, BLOCKS);
        }
    }

    @Test
    void aBlockThatMissesABarrierOfTheGridIsMissed() throws IOException {
        for (var order : SoftwareGpu.Order.values()) {
            SoftwareGpu.order(order);
            assertCaught("grid_barrier_of_some", "deadlock of blocks: 2 blocks at ", BLOCKS);
            assertTrue(SoftwareGpu.lastMessage().endsWith(", 1 block ended"), SoftwareGpu.lastMessage());
        }
    }

    @Test
    void blocksWaitForEachOtherOnlyInACooperativeLaunch() {
        assertThrows(GpuException.class, () -> run("no_mistake_of_blocks", BLOCKS * THREADS, BLOCKS, false));
        assertTrue(
                SoftwareGpu.lastMessage().endsWith("a wait for another block, which a cooperative launch alone allows"),
                SoftwareGpu.lastMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing_grid_barrier", "missing_second_grid_barrier"})
    void theFastKernelsOfBlocksGiveWrongResultsInOneOrderOrTheOther(String kernel) {
        boolean differs = false;
        for (var order : SoftwareGpu.Order.values()) {
            SoftwareGpu.order(order);
            float[] result = run(kernel, BLOCKS * THREADS, BLOCKS, true);
            for (int i = 0; i < result.length; i++) {
                int block = i / THREADS;
                int right = kernel.equals("missing_grid_barrier") ? block + 1 : (block + BLOCKS - 1) % BLOCKS + 10;
                differs |= result[i] != right;
            }
        }
        assertTrue(differs);
    }

    @ParameterizedTest
    @EnumSource(SoftwareGpu.Checks.class)
    void blocksWithoutMistakesRunHoweverManyThereAre(SoftwareGpu.Checks checks) {
        SoftwareGpu.checks(checks);
        for (int blocks : new int[] {1, 2, 7, 128}) {
            for (var order : SoftwareGpu.Order.values()) {
                SoftwareGpu.order(order);
                float[] result = run("no_mistake_of_blocks", blocks * THREADS, blocks, true);
                for (int i = 0; i < result.length; i++) {
                    assertEquals((i / THREADS + blocks - 1) % blocks + 10, result[i]);
                }
            }
        }
    }

    @Test
    void sharedMemoryThatNobodyWroteIsNamedWhenAskedFor() throws IOException {
        SoftwareGpu.checks(SoftwareGpu.Checks.STRICT);
        assertCaught("uninitialised_shared", "shared memory is read that no thread has written");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "missing_barrier",
                "missing_second_barrier",
                "missing_copy_wait",
                "uninitialised_shared",
                "uninitialised_local"
            })
    void theFastKernelsGiveWrongResultsInOneOrderOrTheOther(String kernel) {
        float[] right = new float[THREADS];
        for (int i = 0; i < THREADS; i++) {
            right[i] = switch (kernel) {
                case "missing_barrier" -> THREADS - 1 - i;
                case "missing_second_barrier" -> 2 * (THREADS - 1 - i) + 1;
                case "missing_copy_wait" -> 0;
                default -> 1;
            };
        }
        boolean differs = false;
        for (var order : SoftwareGpu.Order.values()) {
            SoftwareGpu.order(order);
            differs |= !java.util.Arrays.equals(right, run(kernel, THREADS));
        }
        assertTrue(differs);
    }

    @ParameterizedTest
    @EnumSource(SoftwareGpu.Checks.class)
    void aKernelWithoutMistakesRuns(SoftwareGpu.Checks checks) {
        SoftwareGpu.checks(checks);
        float[] result = run("no_mistake", THREADS);
        for (int i = 0; i < THREADS; i++) {
            assertEquals(THREADS - 1 - i, result[i]);
        }
    }

    @Test
    void aWriteThatMissesTheGuardPageIsFoundBehindTheBuffer() {
        int count = 60;
        assertThrows(GpuException.class, () -> run("write_past_the_end", count));
        assertEquals(
                "kernel write_past_the_end: a thread wrote past the end of the buffer of 240 bytes that is its parameter 0",
                SoftwareGpu.lastMessage());
    }

    @Test
    void memoryIsNotUsedAfterItIsFreed() {
        try (KernelModule kernels = load("no_mistake");
                Stream stream = gpu.stream()) {
            DeviceMemory memory = gpu.allocate(4 * THREADS, "freed too early");
            Launch launch = launch(kernels, "no_mistake", 1, memory.address(), THREADS);
            memory.close();
            assertThrows(GpuException.class, () -> launch.onAndWait(stream));
            assertEquals(
                    "parameter 0 of kernel no_mistake points at byte 0 of a freed device buffer of 256 bytes",
                    SoftwareGpu.lastMessage());
        }
    }

    @Test
    void nothingWorksAfterAFaultUntilTheGpuIsOpenedAgain() {
        assertThrows(GpuException.class, () -> run("null_pointer", THREADS));
        assertThrows(GpuException.class, () -> run("no_mistake", THREADS));
        gpu.close();
        gpu = Gpu.open(0);
        assertEquals(THREADS - 1, run("no_mistake", THREADS)[0]);
    }

    private void assertCaught(String kernel, String what) throws IOException {
        assertCaught(kernel, what, 1);
    }

    /** Several blocks are a cooperative launch. */
    private void assertCaught(String kernel, String what, int blocks) throws IOException {
        gpu.close();
        gpu = Gpu.open(0);
        assertThrows(GpuException.class, () -> run(kernel, blocks * THREADS, blocks, blocks > 1));
        String message = SoftwareGpu.lastMessage();
        assertTrue(message.startsWith("kernel " + kernel + ", block (" + (blocks > 1 ? "" : "0,0,0)")), message);
        assertTrue(message.contains(what), message);
        List<Integer> lines = markedLines(kernel);
        assertTrue(lines.isEmpty() || lines.stream().anyMatch(line -> message.contains(SOURCE + ":" + line)), message);
    }

    /** The lines of a kernel that end in "<- caught". */
    private static List<Integer> markedLines(String kernel) throws IOException {
        List<Integer> lines = new ArrayList<>();
        boolean inside = false;
        int number = 0;
        for (String line : Files.readAllLines(SOURCE)) {
            number++;
            inside = line.contains("__global__") ? line.contains(" " + kernel + "(") : inside;
            if (inside && line.endsWith("<- caught")) {
                lines.add(number);
            }
        }
        return lines;
    }

    private KernelModule load(String kernel) {
        return DeclaredKernels.load(gpu, DeclaredKernels.entry(kernel, ".u64", ".u32"));
    }

    private static Launch launch(KernelModule kernels, String kernel, int blocks, long address, int count) {
        return Launch.of(
                "a planted bug",
                kernels.function(kernel),
                new int[] {blocks},
                new int[] {THREADS},
                128,
                address,
                count);
    }

    private float[] run(String kernel, int count) {
        return run(kernel, count, 1, false);
    }

    /** What the kernel makes of zeros; behind them lies another, for a barrier of blocks. */
    private float[] run(String kernel, int count, int blocks, boolean cooperative) {
        try (KernelModule kernels = load(kernel);
                Stream stream = gpu.stream();
                DeviceMemory memory =
                        gpu.allocate((long) Float.BYTES * (cooperative || blocks > 1 ? count + 1 : count), "floats");
                Arena arena = Arena.ofConfined()) {
            stream.fill(memory.address(), (byte) 0, memory.bytes());
            Launch launch = launch(kernels, kernel, blocks, memory.address(), count);
            (cooperative ? launch.cooperative() : launch).on(stream);
            MemorySegment host = arena.allocate((long) Float.BYTES * count, Float.BYTES);
            stream.copyOut(host, memory.address());
            stream.synchronize();
            assertFalse(gpu.isLost());
            return host.toArray(ValueLayout.JAVA_FLOAT);
        }
    }
}
