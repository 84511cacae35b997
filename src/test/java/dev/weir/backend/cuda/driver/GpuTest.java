package dev.weir.backend.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("cuda")
class GpuTest {

    private Gpu gpu;
    private Stream stream;

    @BeforeEach
    void open() {
        gpu = Gpu.open(0);
        stream = gpu.stream();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    @Test
    void theListSaysWhatAnOpenGpuSays() {
        List<GpuInfo> all = Gpu.list();
        assertEquals(all.getFirst(), gpu.info());
        assertFalse(gpu.info().name().isBlank());
        assertTrue(gpu.info().computeCapability() >= 80, () -> gpu.info().toString());
        assertTrue(gpu.info().multiprocessors() > 0);
        assertTrue(gpu.info().driverVersion() >= 12000);
        assertTrue(gpu.info().maxSharedBytes() >= 48 << 10);
        assertTrue(gpu.freeBytes() > 0 && gpu.freeBytes() <= gpu.info().totalBytes());
    }

    @Test
    void aGpuThatIsNotThereIsRefused() {
        int past = Gpu.list().size();
        var refusal = assertThrows(IllegalArgumentException.class, () -> Gpu.open(past));
        assertTrue(refusal.getMessage().startsWith("GPU " + past + ": expected 0"), refusal.getMessage());
        assertThrows(IllegalArgumentException.class, () -> Gpu.open(-1));
    }

    private static GpuInfo gpu(int computeCapability, int driverVersion) {
        return new GpuInfo(0, "Old", 1L << 30, computeCapability, 8, driverVersion, 48 << 10, true);
    }

    @Test
    void aGpuOrADriverThatIsTooOldIsRefused() {
        Gpu.requireNewEnough(gpu(80, 12000));
        var old = assertThrows(CudaUnavailable.class, () -> Gpu.requireNewEnough(gpu(75, 12060)));
        assertTrue(
                old.getMessage().startsWith("GPU 0, Old: expected compute capability 8.0 or newer, got 7.5: "),
                old.getMessage());
        assertTrue(old.isBroken());
        var driver = assertThrows(CudaUnavailable.class, () -> Gpu.requireNewEnough(gpu(80, 11080)));
        assertTrue(driver.getMessage().contains("525 on, got 11.8: "), driver.getMessage());
        assertTrue(driver.isBroken());
    }

    @Test
    void whatIsCopiedInComesOut() {
        float[] values = {1, -2, 3.5f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY};
        try (DeviceMemory memory = Probe.floats(gpu, stream, values)) {
            assertArrayEquals(values, Probe.read(stream, memory));
        }
    }

    @Test
    void memoryIsCopiedAndFilledOnTheDevice() {
        try (DeviceMemory from = Probe.floats(gpu, stream, 1, 2, 3, 4);
                DeviceMemory to = gpu.allocate(16, "a copy")) {
            stream.copy(to.address() + 4, from.address(), 12);
            stream.fill(to.address(), (byte) 0, 4);
            assertArrayEquals(new float[] {0, 1, 2, 3}, Probe.read(stream, to));
        }
    }

    @Test
    void copiesOfNothingAreNothing() {
        stream.copyIn(0, MemorySegment.NULL);
        stream.copyOut(MemorySegment.NULL, 0);
        stream.copy(0, 0, 0);
        stream.fill(0, (byte) 1, 0);
        stream.synchronize();
    }

    @Test
    void memoryOfTheJavaHeapIsRefused() {
        try (DeviceMemory memory = gpu.allocate(4, "a float")) {
            var refusal = assertThrows(
                    IllegalArgumentException.class,
                    () -> stream.copyIn(memory.address(), MemorySegment.ofArray(new float[1])));
            assertEquals("host memory: expected a native segment, got one in the Java heap", refusal.getMessage());
        }
    }

    @Test
    void memoryOfNoSizeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> gpu.allocate(0, "nothing"));
        assertThrows(IllegalArgumentException.class, () -> gpu.pin(-1));
    }

    @Test
    void pinnedMemoryGoesBothWaysAndEndsWithItsOwner() {
        MemorySegment pinned;
        try (PinnedMemory memory = gpu.pin(8);
                DeviceMemory device = gpu.allocate(8, "a pair")) {
            pinned = memory.segment();
            assertEquals(8, pinned.byteSize());
            pinned.set(ValueLayout.JAVA_LONG, 0, 0x123456789abcdefL);
            stream.copyIn(device.address(), pinned);
            stream.synchronize();
            pinned.set(ValueLayout.JAVA_LONG, 0, 0);
            stream.copyOut(pinned, device.address());
            stream.synchronize();
            assertEquals(0x123456789abcdefL, pinned.get(ValueLayout.JAVA_LONG, 0));
        }
        assertThrows(IllegalStateException.class, () -> pinned.get(ValueLayout.JAVA_LONG, 0));
    }

    @Test
    void aLaunchReadsItsArgumentsAndCanBeRepeated() {
        try (KernelModule probe = Probe.load(gpu);
                DeviceMemory values = Probe.floats(gpu, stream, new float[100])) {
            Launch add = Probe.add(probe, values, 0.5f);
            for (int i = 0; i < 10; i++) {
                add.on(stream);
            }
            add.onAndWait(stream);
            float[] expected = new float[100];
            java.util.Arrays.fill(expected, 5.5f);
            assertArrayEquals(expected, Probe.read(stream, values));
            assertEquals(
                    "adding: probe_add, grid [2, 1, 1], block [64, 1, 1], 0 bytes of shared memory", add.description());
            assertEquals("adding", add.op());
        }
    }

    @Test
    void aKernelHasMoreThan48KilobytesOfSharedMemoryOnlyWhenAllowed() {
        int count = 13 << 10;
        float[] up = new float[count];
        float[] down = new float[count];
        for (int i = 0; i < count; i++) {
            up[i] = i;
            down[count - 1 - i] = i;
        }
        try (KernelModule probe = Probe.load(gpu);
                DeviceMemory values = Probe.floats(gpu, stream, up)) {
            KernelFunction reverse = probe.function("probe_reverse");
            int bytes = Float.BYTES * count;
            Launch launch =
                    Launch.of("reversing", reverse, new int[] {1}, new int[] {64}, bytes, values.address(), count);
            var refusal = assertThrows(LaunchFailed.class, () -> launch.on(stream));
            assertEquals("reversing", refusal.op());
            assertEquals("probe_reverse", refusal.kernel());
            assertTrue(
                    refusal.getMessage()
                            .contains("reversing: probe_reverse, grid [1, 1, 1], block [64, 1, 1], 53248 bytes"),
                    refusal.getMessage());
            assertEquals("CUDA_ERROR_INVALID_VALUE", refusal.error().name());
            assertFalse(gpu.isLost());

            reverse.allowShared(bytes);
            reverse.allowShared(bytes - 1024);
            launch.on(stream);
            assertArrayEquals(down, Probe.read(stream, values));

            reverse.allowShared(bytes - 1024);
            launch.on(stream);
            assertArrayEquals(up, Probe.read(stream, values), "to allow less for another launch takes nothing away");

            int tooMany = gpu.info().maxSharedBytes() + 1;
            assertThrows(IllegalArgumentException.class, () -> reverse.allowShared(tooMany));
        }
    }

    @Test
    void aCooperativeLaunchHasNoMoreBlocksThanLiveAtOnce() {
        assertTrue(gpu.info().cooperativeLaunches());
        KernelFunction add = Probe.load(gpu).function("probe_add");
        int most = add.blocksAtOnce(64, 0);
        assertTrue(most >= gpu.info().multiprocessors());
        try (DeviceMemory values = Probe.floats(gpu, stream, 1, 2)) {
            adding(add, most, values).on(stream);
            var refusal = assertThrows(
                    LaunchFailed.class, () -> adding(add, most + 1, values).on(stream));
            assertTrue(refusal.isTooLarge());
            stream.beginCapture();
            adding(add, most, values).on(stream);
            try (Graph graph = stream.endCapture()) {
                graph.launch(stream);
            }
            assertArrayEquals(new float[] {11, 12}, Probe.read(stream, values));
        }
        assertFalse(gpu.isLost());
    }

    private static Launch adding(KernelFunction add, int blocks, DeviceMemory values) {
        return Launch.of("adding", add, new int[] {blocks}, new int[] {64}, 0, values.address(), 5f, 2)
                .cooperative();
    }

    @Test
    void aLaunchOfAWrongShapeOrArgumentIsRefused() {
        try (KernelModule probe = Probe.load(gpu)) {
            KernelFunction add = probe.function("probe_add");
            int[] one = {1};
            assertThrows(IllegalArgumentException.class, () -> Launch.of("x", add, new int[0], one, 0));
            assertThrows(IllegalArgumentException.class, () -> Launch.of("x", add, new int[] {1, 1, 1, 1}, one, 0));
            assertThrows(IllegalArgumentException.class, () -> Launch.of("x", add, one, new int[] {0}, 0));
            var refusal = assertThrows(IllegalArgumentException.class, () -> Launch.of("x", add, one, one, 0, 1L, 2.0));
            assertEquals(
                    "argument 1 of probe_add: expected a Long, an Integer or a Float, got Double",
                    refusal.getMessage());
        }
    }

    @Test
    void aKernelIsTheSameEachTimeAndNamedWhenMissing() {
        try (KernelModule probe = Probe.load(gpu)) {
            assertEquals(probe.function("probe_add"), probe.function("probe_add"));
            var missing = assertThrows(CallFailed.class, () -> probe.function("probe_subtract"));
            assertTrue(
                    missing.getMessage().startsWith("looking for the kernel probe_subtract among those of probe: "),
                    missing.getMessage());
            assertEquals(500, missing.error().code());
        }
    }

    @Test
    void anImageThatDoesNotFitGivesWayToTheNext() {
        byte[] cubin = "\u007fELF of another architecture".getBytes(StandardCharsets.ISO_8859_1);
        try (KernelModule probe = gpu.module("probe", List.of(cubin, Probe.ptx()))) {
            assertEquals("probe_add", probe.function("probe_add").name());
        }
        var none = assertThrows(CallFailed.class, () -> gpu.module("probe", List.of(cubin)));
        assertTrue(none.getMessage().startsWith("loading the kernels of probe on "), none.getMessage());
        assertThrows(IllegalArgumentException.class, () -> gpu.module("probe", List.of()));
    }

    @Test
    void eventsOrderStreamsAndTakeTheTime() {
        try (KernelModule probe = Probe.load(gpu);
                DeviceMemory values = Probe.floats(gpu, stream, 1, 2);
                DeviceMemory copy = gpu.allocate(8, "a copy");
                Stream second = gpu.stream();
                Event begin = gpu.event();
                Event end = gpu.event()) {
            begin.synchronize();
            stream.record(begin);
            Probe.add(probe, values, 1).on(stream);
            stream.record(end);
            second.await(end);
            second.copy(copy.address(), values.address(), 8);
            assertArrayEquals(new float[] {2, 3}, Probe.read(second, copy));
            end.synchronize();
            assertTrue(begin.isDone() && end.isDone());
            assertTrue(end.millisSince(begin) >= 0);
        }
    }

    @Test
    void aGraphDoesAgainWhatWasCaptured() {
        try (KernelModule probe = Probe.load(gpu);
                DeviceMemory values = Probe.floats(gpu, stream, 0, 0, 0);
                DeviceMemory copy = gpu.allocate(12, "a copy")) {
            Launch add = Probe.add(probe, values, 2);
            stream.beginCapture();
            add.on(stream);
            stream.copy(copy.address(), values.address(), 12);
            add.on(stream);
            try (Graph graph = stream.endCapture()) {
                assertArrayEquals(new float[] {0, 0, 0}, Probe.read(stream, values));
                graph.launch(stream);
                graph.launch(stream);
                assertArrayEquals(new float[] {8, 8, 8}, Probe.read(stream, values));
                assertArrayEquals(new float[] {6, 6, 6}, Probe.read(stream, copy));
            }
        }
    }

    @Test
    void aFailedCaptureLeavesTheStreamUsable() {
        try (DeviceMemory values = Probe.floats(gpu, stream, 1)) {
            stream.beginCapture();
            assertThrows(CallFailed.class, stream::synchronize);
            assertThrows(CallFailed.class, stream::endCapture);
            assertArrayEquals(new float[] {1}, Probe.read(stream, values));

            stream.beginCapture();
            stream.fill(values.address(), (byte) 0, 4);
            stream.abandonCapture();
            stream.abandonCapture();
            assertArrayEquals(new float[] {1}, Probe.read(stream, values));
            assertFalse(gpu.isLost());
        }
    }

    @Test
    void allocatingOnAnotherThreadDoesNotDisturbACapture() throws Exception {
        try (KernelModule probe = Probe.load(gpu);
                DeviceMemory values = Probe.floats(gpu, stream, 1);
                var other = Executors.newSingleThreadExecutor()) {
            stream.beginCapture();
            other.submit(() -> gpu.allocate(4, "another thread").close()).get();
            Probe.add(probe, values, 1).on(stream);
            try (Graph graph = stream.endCapture()) {
                graph.launch(stream);
                assertArrayEquals(new float[] {2}, Probe.read(stream, values));
            }
        }
    }

    @Test
    void everyThreadMayUseAGpu() throws Exception {
        try (KernelModule probe = Probe.load(gpu);
                var platform = Executors.newFixedThreadPool(3);
                var virtual = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<float[]> work = () -> {
                try (Stream own = gpu.stream();
                        DeviceMemory values = Probe.floats(gpu, own, 1, 2)) {
                    Probe.add(probe, values, 1).on(own);
                    return Probe.read(own, values);
                }
            };
            for (var pool : List.of(platform, virtual)) {
                for (var result :
                        pool.invokeAll(IntStream.range(0, 8).mapToObj(i -> work).toList())) {
                    assertArrayEquals(new float[] {2, 3}, result.get());
                }
            }
        }
    }

    @Test
    void aGpuMayBeOpenTwiceAndEachClosesItsOwn() {
        DeviceMemory kept = Probe.floats(gpu, stream, 7);
        Gpu again = Gpu.open(0);
        DeviceMemory others = again.allocate(4, "the other");
        again.close();
        assertThrows(IllegalStateException.class, () -> again.allocate(4, "late"));
        others.close();
        assertArrayEquals(new float[] {7}, Probe.read(stream, kept));
    }

    @Test
    void whatIsClosedIsRefusedAndClosingAgainIsNothing() {
        KernelModule probe = Probe.load(gpu);
        DeviceMemory values = Probe.floats(gpu, stream, 1);
        Launch add = Probe.add(probe, values, 1);
        Event event = gpu.event();
        Stream second = gpu.stream();
        second.close();
        second.close();
        var refusal = assertThrows(IllegalStateException.class, () -> add.on(second));
        assertEquals("a stream: expected an open one, got one that was closed", refusal.getMessage());
        event.close();
        assertThrows(IllegalStateException.class, () -> stream.record(event));
        probe.close();
        assertThrows(IllegalStateException.class, () -> add.on(stream));
        gpu.close();
        gpu.close();
        values.close();
        assertThrows(IllegalStateException.class, stream::synchronize);
        assertThrows(IllegalStateException.class, gpu::freeBytes);
    }

    @Test
    void whatIsLeftOpenGoesWithTheGpu() {
        long before = gpu.freeBytes();
        try (Gpu again = Gpu.open(0)) {
            again.allocate(64 << 20, "something forgotten");
            assertTrue(gpu.freeBytes() <= before - (64 << 20));
        }
        assertTrue(gpu.freeBytes() > before - (64 << 20));
    }

    @Test
    void moreThanThereIsIsRefusedInNumbers() {
        long tooMuch = gpu.info().totalBytes() + (1 << 20);
        var refusal = assertThrows(OutOfDeviceMemory.class, () -> gpu.allocate(tooMuch, "weights"));
        assertEquals(tooMuch, refusal.bytes());
        assertTrue(refusal.freeBytes() > 0);
        assertTrue(
                refusal.getMessage().startsWith("allocating " + tooMuch + " bytes on GPU 0 for weights: "),
                refusal.getMessage());
        gpu.allocate(4, "what fits").close();
    }
}
