package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Run;
import dev.weir.backend.Backend.Workspace;
import dev.weir.backend.CudaOptions;
import dev.weir.backend.RandomModel;
import dev.weir.backend.cuda.driver.GpuException;
import dev.weir.backend.cuda.driver.LaunchFailed;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.program.Activation;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.tensor.DType;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens when memory runs out, a kernel fails, or the GPU is gone: a clear error, nothing leaked. */
@Tag("cuda")
@Tag("software-gpu")
class FailingGpuTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(50, 16, 12, 1, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
    private static final int UNCORRECTABLE = 214;

    private final RandomModel model = new RandomModel(CONFIG, DType.FLOAT32, 1);
    private final State state = model.state(2);

    @BeforeEach
    @AfterEach
    void reset() {
        SoftwareGpu.reset();
    }

    private Plan plan(int rows, Hooks hooks) {
        return Planner.plan(Gpt2Forward.write(CONFIG, model.weights, state.step(rows, rows, 16)), hooks);
    }

    private static Rows row(int position) {
        return new Rows(new int[1], new int[] {position}, new int[] {7}, new int[1]);
    }

    private static float[] logits(Run run, Plan plan) {
        return run.read(plan.results().getFirst()).toArray(ValueLayout.JAVA_FLOAT);
    }

    private static void assertNothingIsLeft() {
        assertEquals(0, SoftwareGpu.deviceAllocations(), "device memory");
        assertEquals(0, SoftwareGpu.pinnedAllocations(), "pinned memory");
        assertEquals(0, SoftwareGpu.handles(), "handles");
    }

    @Test
    void everythingIsGivenBack() {
        try (var backend = new CudaBackend(0, CudaOptions.DEFAULT);
                LoadedWeights weights = backend.load(model.views);
                Workspace workspace = weights.allocate(state.all())) {
            Plan plan = plan(1, Hooks.tap(HookPoint.all(1)));
            Executable executable = workspace.compile(plan);
            for (int i = 0; i < 3; i++) {
                logits(executable.run(row(i)), plan);
            }
        }
        assertNothingIsLeft();
    }

    @Test
    void aBackendTakesWhatIsStillOpenWithIt() {
        var backend = new CudaBackend(0, CudaOptions.DEFAULT);
        LoadedWeights weights = backend.load(model.views);
        Workspace workspace = weights.allocate(state.all());
        Plan plan = plan(1, Hooks.NONE);
        Executable executable = workspace.compile(plan);
        executable.run(row(0));
        executable.run(row(1));
        backend.close();
        assertNothingIsLeft();
        workspace.close();
        weights.close();
        assertThrows(IllegalStateException.class, () -> executable.run(row(2)));
    }

    @Test
    void weightsThatDoNotFitAreRefusedWithATable() {
        var large = new RandomModel(
                new ModelConfig(4000, 16, 256, 1, 2, 512, Activation.RELU, 1e-5f, true, false), DType.FLOAT32, 1);
        SoftwareGpu.deviceBytes(4 << 20);
        try (var backend = new CudaBackend(0, CudaOptions.DEFAULT.withExact(true))) {
            long before = SoftwareGpu.deviceAllocationBytes();
            var e = assertThrows(GpuMemoryException.class, () -> backend.load(large.views));
            assertTrue(e.getMessage().startsWith("the weights of the model: expected to fit"), e.getMessage());
            assertTrue(e.getMessage().contains("weights, float32"), e.getMessage());
            assertTrue(e.need().bytes() > e.need().freeBytes());
            assertEquals(before, SoftwareGpu.deviceAllocationBytes());
            backend.load(model.views).close();
        }
        assertNothingIsLeft();
    }

    @Test
    void stateThatDoesNotFitIsRefusedWithATable() {
        SoftwareGpu.deviceBytes(4 << 20);
        State large = model.state(10_000);
        try (var backend = new CudaBackend(0, CudaOptions.DEFAULT.withExact(true));
                LoadedWeights weights = backend.load(model.views)) {
            var e = assertThrows(GpuMemoryException.class, () -> weights.allocate(large.all()));
            assertTrue(e.getMessage().contains("keys and values"), e.getMessage());
            weights.allocate(state.all()).close();
        }
        assertNothingIsLeft();
    }

    @Test
    void aPlanThatDoesNotFitIsRefusedWithATableAndSmallerOnesGoOn() {
        SoftwareGpu.deviceBytes(1 << 20);
        try (var backend = new CudaBackend(0, CudaOptions.DEFAULT.withExact(true));
                LoadedWeights weights = backend.load(model.views);
                Workspace workspace = weights.allocate(state.all())) {
            Plan small = plan(1, Hooks.NONE);
            Executable executable = workspace.compile(small);
            float[] first = logits(executable.run(row(0)), small);
            var e = assertThrows(
                    GpuMemoryException.class, () -> workspace.compile(plan(4000, Hooks.tap(HookPoint.all(1)))));
            assertTrue(e.getMessage().contains("traced values of a step"), e.getMessage());
            assertArrayEquals(first, logits(executable.run(row(0)), small));
        }
        assertNothingIsLeft();
    }

    @Test
    void wheneverMemoryRunsOutNothingLeaksAndTheNextTryWorks() {
        boolean succeeded = false;
        for (int nth = 1; !succeeded; nth++) {
            try (var backend = new CudaBackend(0, CudaOptions.DEFAULT)) {
                SoftwareGpu.failAllocation(nth);
                succeeded = runs(backend);
                SoftwareGpu.failAllocation(0);
                assertTrue(runs(backend), "after the failure of allocation " + nth);
            }
            assertNothingIsLeft();
            assertTrue(nth < 100, "every allocation fails");
        }
    }

    /** Whether everything goes well, where nothing worse than missing memory happens. */
    private boolean runs(CudaBackend backend) {
        try (LoadedWeights weights = backend.load(model.views);
                Workspace workspace = weights.allocate(state.all())) {
            Plan plan = plan(1, Hooks.NONE);
            Executable executable = workspace.compile(plan);
            for (int i = 0; i < 3; i++) {
                logits(executable.run(row(i)), plan);
            }
            return true;
        } catch (GpuMemoryException e) {
            assertTrue(e.getMessage().contains("together"), e.getMessage());
            return false;
        } catch (GpuException e) {
            assertTrue(e.getMessage().contains("OUT_OF_MEMORY"), e.getMessage());
            return false;
        }
    }

    @Test
    void aFailedKernelIsNamedExactlyWithSync() {
        try (var backend = new CudaBackend(0, CudaOptions.DEFAULT.withSync(true));
                LoadedWeights weights = backend.load(model.views);
                Workspace workspace = weights.allocate(state.all())) {
            Executable executable = workspace.compile(plan(1, Hooks.NONE));
            SoftwareGpu.failLaunch(3);
            var e = assertThrows(LaunchFailed.class, () -> executable.run(row(0)));
            assertTrue(e.op().startsWith("AddLayerNorm add"), e.op());
            assertEquals("add_layer_norm", e.kernel());
        }
        assertNothingIsLeft();
    }

    @ParameterizedTest
    @CsvSource({"true, 1", "false, 3"})
    void aFailedKernelIsReportedWhenItsRunIsReadAndTheMachineIsDeadThen(boolean persistent, int nth) {
        try (var backend = new CudaBackend(0, CudaOptions.DEFAULT.withPersistent(persistent));
                LoadedWeights weights = backend.load(model.views);
                Workspace workspace = weights.allocate(state.all())) {
            Plan plan = plan(1, Hooks.NONE);
            Executable executable = workspace.compile(plan);
            SoftwareGpu.failLaunch(nth);
            assertThrows(GpuException.class, () -> logits(executable.run(row(0)), plan));
            assertThrows(GpuException.class, () -> executable.run(row(0)));
            assertThrows(GpuException.class, () -> weights.allocate(state.all()));
        }
        assertNothingIsLeft();
        try (var backend = new CudaBackend(0, CudaOptions.DEFAULT)) {
            assertTrue(runs(backend), "a new machine works");
        }
    }

    @ParameterizedTest
    @CsvSource({"true, 19", "false, 40"})
    void aLostGpuIsAClearErrorAndLeavesNothing(boolean persistent, int operations) {
        for (int nth = 1; nth < operations; nth += 6) {
            try (var backend = new CudaBackend(0, CudaOptions.DEFAULT.withPersistent(persistent))) {
                SoftwareGpu.loseDevice(nth, UNCORRECTABLE);
                var e = assertThrows(GpuException.class, () -> runs3(backend));
                assertTrue(e.getMessage().length() > 20, e.getMessage());
            }
            assertNothingIsLeft();
            SoftwareGpu.reset();
        }
    }

    private void runs3(CudaBackend backend) {
        try (LoadedWeights weights = backend.load(model.views);
                Workspace workspace = weights.allocate(state.all())) {
            Plan plan = plan(1, Hooks.NONE);
            Executable executable = workspace.compile(plan);
            for (int i = 0; i < 3; i++) {
                logits(executable.run(row(i)), plan);
            }
        }
    }
}
