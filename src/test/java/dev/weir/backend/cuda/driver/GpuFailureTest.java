package dev.weir.backend.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.cuda.SoftwareGpu;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("cuda")
@Tag("software-gpu")
class GpuFailureTest {

    private static final int ECC_UNCORRECTABLE = 214;

    private Gpu gpu;
    private Stream stream;
    private KernelModule probe;
    private DeviceMemory values;

    @BeforeEach
    void open() {
        SoftwareGpu.reset();
        gpu = Gpu.open(0);
        stream = gpu.stream();
        probe = Probe.load(gpu);
        values = Probe.floats(gpu, stream, 1, 2, 3);
        stream.synchronize();
    }

    @AfterEach
    void closeAndFindNothingLeft() {
        gpu.close();
        assertEquals(0, SoftwareGpu.deviceAllocations());
        assertEquals(0, SoftwareGpu.pinnedAllocations());
        assertEquals(0, SoftwareGpu.handles());
        SoftwareGpu.reset();
        SoftwareGpu.devices(1);
    }

    private void useEverything() {
        gpu.pin(8);
        gpu.event();
        Probe.add(probe, values, 1).on(stream);
        stream.beginCapture();
        Probe.add(probe, values, 1).on(stream);
        stream.endCapture().launch(stream);
    }

    /** That every call fails at once, and names the first failure. */
    private void assertLostTo(GpuException first) {
        assertTrue(gpu.isLost());
        for (Executable call : List.<Executable>of(
                () -> Probe.add(probe, values, 1).on(stream),
                () -> stream.fill(values.address(), (byte) 0, 4),
                stream::synchronize,
                stream::beginCapture,
                () -> gpu.allocate(4, "more"),
                gpu::event,
                gpu::freeBytes)) {
            var lost = assertThrows(DeviceLost.class, call);
            assertSame(first, lost.getCause());
            assertEquals(
                    "GPU 0 was lost before and must be opened anew; the first failure: " + first.getMessage(),
                    lost.getMessage());
            assertEquals(first.error(), lost.error());
        }
    }

    private void assertUsable() {
        assertFalse(gpu.isLost());
        assertArrayEquals(new float[] {1, 2, 3}, Probe.read(stream, values));
    }

    @Test
    void closingGivesBackWhatWasLeftOpen() {
        useEverything();
        assertTrue(SoftwareGpu.handles() > 0 && SoftwareGpu.pinnedAllocations() > 0);
    }

    @Test
    void anAllocationThatFailsLeavesTheGpuUsable() {
        SoftwareGpu.failAllocation(1);
        var refusal = assertThrows(OutOfDeviceMemory.class, () -> gpu.allocate(100, "scratch"));
        assertEquals("allocating 100 bytes on GPU 0 for scratch", refusal.doing());
        assertEquals(100, refusal.bytes());
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY", refusal.error().name());

        SoftwareGpu.failAllocation(1);
        assertThrows(OutOfDeviceMemory.class, () -> gpu.pin(100));
        assertUsable();
        gpu.allocate(100, "scratch").close();
    }

    @Test
    void aKernelThatFailsIsNamedByALaunchThatWaits() {
        SoftwareGpu.failLaunch(1);
        var failure = assertThrows(
                LaunchFailed.class, () -> Probe.add(probe, values, 1).onAndWait(stream));
        assertEquals("adding", failure.op());
        assertEquals("probe_add", failure.kernel());
        assertTrue(
                failure.getMessage()
                        .startsWith("adding: probe_add, grid [1, 1, 1], block [64, 1, 1], 0 bytes of shared memory: "
                                + "unspecified launch failure"),
                failure.getMessage());
        assertTrue(failure.getMessage().endsWith("(CUDA_ERROR_LAUNCH_FAILED, 719)"), failure.getMessage());
        assertLostTo(failure);
    }

    @Test
    void aKernelThatFailsUnwatchedIsFoundByWhoeverWaits() {
        Probe.fault(probe).on(stream);
        var lost = assertThrows(DeviceLost.class, stream::synchronize);
        assertEquals(700, lost.error().code());
        assertTrue(lost.getMessage().startsWith("waiting for a stream: an illegal memory access was encountered"));
        assertTrue(lost.getMessage().contains("waiting after every launch (sync) says which"), lost.getMessage());
        assertLostTo(lost);
    }

    /** A driver may speak of an earlier failure at the next launch, which is not to blame. */
    @Test
    void aLaunchThatMeetsAFailureDoesNotCallItItsOwn() {
        SoftwareGpu.lazy(false);
        var lost = assertThrows(DeviceLost.class, () -> Probe.fault(probe).on(stream));
        assertTrue(lost.getMessage().startsWith("launching "), lost.getMessage());
        assertTrue(lost.getMessage().contains("waiting after every launch (sync) says which"), lost.getMessage());
        assertLostTo(lost);
    }

    @Test
    void aKernelThatFailsInAGraphIsFoundByWhoeverWaits() {
        stream.beginCapture();
        Probe.fault(probe).on(stream);
        Graph graph = stream.endCapture();
        graph.launch(stream);
        assertLostTo(assertThrows(DeviceLost.class, stream::synchronize));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aDeviceMayBeLostAtAnyCopyOrKernel(int nth) {
        SoftwareGpu.loseDevice(nth, ECC_UNCORRECTABLE);
        var lost = assertThrows(DeviceLost.class, () -> {
            while (true) {
                Probe.add(probe, values, 1).on(stream);
                Probe.read(stream, values);
            }
        });
        assertEquals("CUDA_ERROR_ECC_UNCORRECTABLE", lost.error().name());
        assertLostTo(lost);
    }

    @Test
    void everythingClosesAfterTheDeviceIsLost() {
        useEverything();
        PinnedMemory pinned = gpu.pin(8);
        Event event = gpu.event();
        SoftwareGpu.loseDevice(1, ECC_UNCORRECTABLE);
        assertThrows(DeviceLost.class, stream::synchronize);
        pinned.close();
        event.close();
        values.close();
        probe.close();
        stream.abandonCapture();
        stream.close();
    }

    @Test
    void aLossInTheMiddleOfACaptureCloses() {
        stream.beginCapture();
        SoftwareGpu.failLaunch(1);
        try (Stream second = gpu.stream()) {
            assertThrows(LaunchFailed.class, () -> Probe.add(probe, values, 1).onAndWait(second));
        }
        assertThrows(DeviceLost.class, stream::endCapture);
        stream.abandonCapture();
    }

    @Test
    void aGpuThatWasLostCanBeOpenedAnew() {
        Probe.fault(probe).on(stream);
        assertThrows(DeviceLost.class, stream::synchronize);
        gpu.close();
        try (Gpu again = Gpu.open(0);
                Stream fresh = again.stream();
                DeviceMemory memory = Probe.floats(again, fresh, 5)) {
            assertArrayEquals(new float[] {5}, Probe.read(fresh, memory));
        }
    }

    @Test
    void oneGpuIsLostAndTheOtherGoesOn() {
        SoftwareGpu.devices(2);
        try (Gpu other = Gpu.open(1);
                Stream second = other.stream();
                DeviceMemory theirs = Probe.floats(other, second, 7)) {
            Probe.fault(probe).on(stream);
            assertThrows(DeviceLost.class, stream::synchronize);
            assertArrayEquals(new float[] {7}, Probe.read(second, theirs));
            assertEquals(List.of(0, 1), Gpu.list().stream().map(GpuInfo::index).toList());
        }
    }

    @Test
    void oneThreadMayUseSeveralGpusInTurn() throws Exception {
        SoftwareGpu.devices(2);
        try (Gpu other = Gpu.open(1);
                Stream second = other.stream();
                KernelModule theirProbe = Probe.load(other);
                DeviceMemory theirs = Probe.floats(other, second, 10);
                var threads = Executors.newFixedThreadPool(2)) {
            for (int i = 0; i < 3; i++) {
                Probe.add(probe, values, 1).on(stream);
                Probe.add(theirProbe, theirs, 2).on(second);
            }
            assertArrayEquals(
                    new float[] {4, 5, 6},
                    threads.submit(() -> Probe.read(stream, values)).get());
            assertArrayEquals(
                    new float[] {16},
                    threads.submit(() -> Probe.read(second, theirs)).get());
            assertArrayEquals(new float[] {16}, Probe.read(second, theirs));
            assertThrows(IllegalArgumentException.class, () -> Probe.add(probe, values, 1)
                    .on(second));
        }
    }
}
