package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.cuda.driver.DeviceMemory;
import dev.weir.backend.cuda.driver.Event;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.GpuException;
import dev.weir.backend.cuda.driver.Graph;
import dev.weir.backend.cuda.driver.KernelModule;
import dev.weir.backend.cuda.driver.Launch;
import dev.weir.backend.cuda.driver.OutOfDeviceMemory;
import dev.weir.backend.cuda.driver.PinnedMemory;
import dev.weir.backend.cuda.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The software GPU behaves as a real one does where that matters, and obeys the tests. */
@Tag("cuda")
@Tag("software-gpu")
class SoftwareGpuTest {

    private static final int COUNT = 64;
    private static final int BYTES = COUNT * Float.BYTES;
    private static final String ADD = DeclaredKernels.entry("probe_add", ".u64", ".f32", ".u32");

    private Gpu gpu;
    private Stream stream;
    private KernelModule kernels;
    private DeviceMemory values;

    @BeforeEach
    void open() {
        gpu = Gpu.open(0);
        stream = gpu.stream();
        kernels = DeclaredKernels.load(gpu, ADD);
        values = gpu.allocate(BYTES, "values");
        stream.fill(values.address(), (byte) 0, BYTES);
        stream.synchronize();
    }

    @AfterEach
    void close() {
        gpu.close();
        SoftwareGpu.reset();
    }

    @Test
    void freshMemoryIsNotANumber() {
        try (DeviceMemory fresh = gpu.allocate(BYTES, "fresh")) {
            assertTrue(Float.isNaN(read(stream, fresh)[COUNT - 1]));
        }
    }

    @Test
    void workWaitsUntilSomebodyWaitsForIt() {
        try (PinnedMemory pinned = gpu.pin(BYTES)) {
            long before = SoftwareGpu.launches();
            add(1).on(stream);
            stream.copyOut(pinned.segment(), values.address());
            assertEquals(before, SoftwareGpu.launches());
            assertTrue(Float.isNaN(first(pinned.segment())));
            stream.synchronize();
            assertEquals(before + 1, SoftwareGpu.launches());
            assertEquals(1, first(pinned.segment()));
        }
    }

    @Test
    void workRunsAtOnceWhenToldSo() {
        SoftwareGpu.lazy(false);
        long before = SoftwareGpu.launches();
        add(1).on(stream);
        assertEquals(before + 1, SoftwareGpu.launches());
    }

    @Test
    void aStreamThatDoesNotAwaitAnEventReadsWhatWasThereBefore() {
        try (Stream second = gpu.stream();
                Event added = gpu.event()) {
            add(1).on(stream);
            stream.record(added);
            assertEquals(0, read(second, values)[0]);
            assertFalse(added.isDone());
            second.await(added);
            assertEquals(1, read(second, values)[0]);
            assertTrue(added.isDone());
        }
    }

    @Test
    void anEventIsThePlaceWhereItWasRecordedLast() {
        try (Stream second = gpu.stream();
                Event event = gpu.event()) {
            stream.record(event);
            add(1).on(stream);
            second.await(event);
            assertEquals(0, read(second, values)[0]);
            stream.record(event);
            second.await(event);
            assertEquals(1, read(second, values)[0]);
        }
    }

    @Test
    void aGraphKeepsTheArgumentsOfItsCapture() {
        stream.beginCapture();
        add(1).on(stream);
        try (Graph graph = stream.endCapture()) {
            assertEquals(0, read(stream, values)[0]);
            add(10).on(stream);
            graph.launch(stream);
            graph.launch(stream);
            assertEquals(12, read(stream, values)[0]);
        }
    }

    @Test
    void aCaptureGoesThroughOtherStreamsAndComesBack() {
        try (Stream second = gpu.stream();
                Event fork = gpu.event();
                Event join = gpu.event();
                DeviceMemory copy = gpu.allocate(BYTES, "copy")) {
            stream.beginCapture();
            add(1).on(stream);
            stream.record(fork);
            second.await(fork);
            second.copy(copy.address(), values.address(), BYTES);
            second.record(join);
            stream.await(join);
            try (Graph graph = stream.endCapture()) {
                graph.launch(stream);
                assertEquals(1, read(stream, copy)[0]);
            }
        }
    }

    @Test
    void aCaptureThatLeavesAStreamBehindIsRefused() {
        try (Stream second = gpu.stream();
                Event fork = gpu.event();
                DeviceMemory copy = gpu.allocate(BYTES, "copy")) {
            stream.beginCapture();
            stream.record(fork);
            second.await(fork);
            second.copy(copy.address(), values.address(), BYTES);
            assertThrows(GpuException.class, stream::endCapture);
            assertEquals("a stream that took part in the capture was not joined again", SoftwareGpu.lastMessage());
        }
    }

    @Test
    void aGraphWhoseMemoryWasFreedFaults() {
        stream.beginCapture();
        add(1).on(stream);
        Graph graph = stream.endCapture();
        values.close();
        graph.launch(stream);
        assertThrows(GpuException.class, stream::synchronize);
        assertEquals(
                "parameter 0 of kernel probe_add points at byte 0 of a freed device buffer of 256 bytes",
                SoftwareGpu.lastMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "probe_add | .u64 .f32 | kernel probe_add has 3 parameters, in the PTX 2",
                "probe_add | .u64 .f64 .u32 | parameter 1 of kernel probe_add has 4 bytes, in the PTX 8",
                "probe_subtract | .u64 | the PTX declares kernel probe_subtract, which g++ did not build"
            })
    void ptxThatDoesNotFitTheKernelsIsRefused(String kernel, String types, String message) {
        String entry = DeclaredKernels.entry(kernel, types.split(" "));
        assertThrows(GpuException.class, () -> DeclaredKernels.load(gpu, entry));
        assertEquals(message, SoftwareGpu.lastMessage());
    }

    @Test
    void everyDeviceHasItsOwnMemory() {
        SoftwareGpu.devices(2);
        try (Gpu second = Gpu.open(1);
                DeviceMemory there = second.allocate(BYTES, "on the other device")) {
            assertEquals(2, Gpu.list().size());
            assertEquals(second.info().totalBytes() - BYTES, second.freeBytes());
            Launch launch = Launch.of(
                    "adding",
                    kernels.function("probe_add"),
                    new int[] {1},
                    new int[] {COUNT},
                    0,
                    there.address(),
                    1f,
                    COUNT);
            assertThrows(GpuException.class, () -> launch.onAndWait(stream));
            assertEquals("parameter 0 of kernel probe_add points to memory of device 1", SoftwareGpu.lastMessage());
        } finally {
            SoftwareGpu.devices(1);
        }
    }

    @Test
    void memoryEndsWhereATestSays() {
        SoftwareGpu.deviceBytes(1 << 20);
        assertEquals((1 << 20) - BYTES, gpu.freeBytes());
        assertThrows(OutOfDeviceMemory.class, () -> gpu.allocate(1 << 20, "all of it"));
    }

    @Test
    void theNthAllocationFails() {
        SoftwareGpu.failAllocation(2);
        gpu.allocate(4, "the first").close();
        assertThrows(OutOfDeviceMemory.class, () -> gpu.allocate(4, "the second"));
        gpu.allocate(4, "the third").close();
    }

    @Test
    void theNthLaunchFailsAndTheContextWithIt() {
        SoftwareGpu.failLaunch(2);
        add(1).onAndWait(stream);
        assertThrows(GpuException.class, () -> add(1).onAndWait(stream));
        assertThrows(GpuException.class, () -> gpu.allocate(4, "too late"));
        gpu.close();
        open();
        add(1).onAndWait(stream);
    }

    @Test
    void aLostDeviceStaysLostUntilItIsReset() {
        SoftwareGpu.loseDevice(1, 214);
        assertThrows(GpuException.class, () -> add(1).onAndWait(stream));
        gpu.close();
        assertThrows(GpuException.class, () -> Gpu.open(0));
        SoftwareGpu.reset();
        open();
        add(1).onAndWait(stream);
    }

    @Test
    void whatIsAllocatedIsCounted() {
        long count = SoftwareGpu.deviceAllocations();
        long bytes = SoftwareGpu.deviceAllocationBytes();
        long handles = SoftwareGpu.handles();
        long pinned = SoftwareGpu.pinnedAllocations();
        DeviceMemory memory = gpu.allocate(1000, "counted");
        PinnedMemory host = gpu.pin(10);
        Event event = gpu.event();
        assertEquals(count + 1, SoftwareGpu.deviceAllocations());
        assertEquals(bytes + 1000, SoftwareGpu.deviceAllocationBytes());
        assertEquals(pinned + 1, SoftwareGpu.pinnedAllocations());
        assertEquals(handles + 1, SoftwareGpu.handles());
        memory.close();
        host.close();
        event.close();
        assertEquals(
                List.of(count, bytes, pinned, handles),
                List.of(
                        SoftwareGpu.deviceAllocations(),
                        SoftwareGpu.deviceAllocationBytes(),
                        SoftwareGpu.pinnedAllocations(),
                        SoftwareGpu.handles()));
    }

    @Test
    void everyThreadHearsTheVotesOfItsOwnBarrier() {
        float[] expected = new float[COUNT];
        java.util.Arrays.fill(expected, 401);
        for (var order : SoftwareGpu.Order.values()) {
            SoftwareGpu.order(order);
            try (KernelModule votes = DeclaredKernels.load(gpu, DeclaredKernels.entry("probe_votes", ".u64", ".u32"))) {
                Launch.of(
                                "voting",
                                votes.function("probe_votes"),
                                new int[] {1},
                                new int[] {COUNT},
                                0,
                                values.address(),
                                40)
                        .onAndWait(stream);
            }
            assertArrayEquals(expected, read(stream, values));
        }
    }

    @Test
    void bothOrdersAndBothBuildsGiveTheSame() {
        float[] expected = new float[COUNT];
        java.util.Arrays.fill(expected, 4);
        for (var order : SoftwareGpu.Order.values()) {
            for (var checks : List.of(SoftwareGpu.Checks.FAST, SoftwareGpu.Checks.STRICT)) {
                SoftwareGpu.order(order);
                SoftwareGpu.checks(checks);
                add(1).onAndWait(stream);
            }
        }
        assertArrayEquals(expected, read(stream, values));
    }

    private Launch add(float by) {
        return Launch.of(
                "adding",
                kernels.function("probe_add"),
                new int[] {2},
                new int[] {COUNT / 2},
                0,
                values.address(),
                by,
                COUNT);
    }

    private static float[] read(Stream from, DeviceMemory memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(memory.bytes(), Float.BYTES);
            from.copyOut(host, memory.address());
            from.synchronize();
            return host.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    private static float first(MemorySegment floats) {
        return floats.get(ValueLayout.JAVA_FLOAT, 0);
    }
}
