package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Run;
import dev.weir.backend.Backend.Workspace;
import dev.weir.backend.CudaOptions;
import dev.weir.backend.EditCase;
import dev.weir.backend.RandomModel;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.Ending;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.program.Activation;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.program.SamplerSettings;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the seam asks of a machine, of the CUDA machine. */
@Tag("cuda")
class CudaBackendTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(50, 16, 12, 2, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
    private static final HookPoint STREAM = HookPoint.of(0, Site.RESID_POST);
    private static final HookPoint PATTERN = HookPoint.of(1, Site.PATTERN);

    private final RandomModel model = new RandomModel(CONFIG, DType.FLOAT32, 1);
    private final State state = model.state(2);
    private CudaBackend backend;
    private LoadedWeights weights;
    private Workspace workspace;

    @BeforeEach
    void open() {
        open(CudaOptions.DEFAULT);
    }

    private void open(CudaOptions options) {
        backend = new CudaBackend(0, options);
        weights = backend.load(model.views);
        workspace = weights.allocate(state.all());
        RandomModel.givePages(workspace, state);
    }

    @AfterEach
    void close() {
        workspace.close();
        weights.close();
        backend.close();
    }

    private void reopen(CudaOptions options) {
        close();
        open(options);
    }

    private Plan plan(int rows, int outputs, Hooks hooks) {
        return Planner.plan(Gpt2Forward.write(CONFIG, model.weights, state.step(rows, outputs, 16)), hooks);
    }

    private static Rows row(int slot, int position, int token) {
        return new Rows(new int[] {slot}, new int[] {position}, new int[] {token}, new int[] {0});
    }

    private static float[] floats(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_FLOAT);
    }

    private static float[] logits(Run run, Plan plan) {
        return floats(run.read(plan.results().getFirst()));
    }

    /** The logits of one row after the other, decoded by one executable. */
    private List<float[]> decode(int steps, Hooks hooks) {
        Plan plan = plan(1, 1, hooks);
        Executable executable = workspace.compile(plan);
        var logits = new ArrayList<float[]>();
        for (int position = 0; position < steps; position++) {
            logits.add(logits(executable.run(row(0, position, 7 * position % 50)), plan));
        }
        return logits;
    }

    private static void assertSame(List<float[]> expected, List<float[]> got) {
        assertEquals(expected.size(), got.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), got.get(i), "step " + i);
        }
    }

    @Test
    void aGraphHasTheBitsOfPlainLaunchesAndSoHasSync() {
        List<float[]> graphs = decode(6, Hooks.NONE);
        reopen(CudaOptions.DEFAULT.withGraphs(false));
        assertSame(graphs, decode(6, Hooks.NONE));
        reopen(CudaOptions.DEFAULT.withSync(true));
        assertSame(graphs, decode(6, Hooks.NONE));
        reopen(CudaOptions.DEFAULT.withPersistent(true));
        assertSame(graphs, decode(6, Hooks.NONE));
    }

    @Test
    void aStepOfFewRowsCanBeOneLaunchInAGraphAndOutside() {
        reopen(CudaOptions.DEFAULT.withPersistent(true));
        Plan plan = plan(1, 1, Hooks.tap(List.of(STREAM)));
        Executable executable = workspace.compile(plan);
        for (int position = 0; position < 4; position++) {
            long before = SoftwareGpu.isPresent() ? SoftwareGpu.launches() : -1;
            logits(executable.run(row(0, position, 7)), plan);
            assertEquals(before + 1, SoftwareGpu.isPresent() ? SoftwareGpu.launches() : 0);
        }
    }

    @Test
    void aGpuThatIsFullLaterLaunchesOpsOneByOne() {
        assumeTrue(SoftwareGpu.isPresent());
        List<float[]> expected = decode(3, Hooks.NONE);
        reopen(CudaOptions.DEFAULT.withPersistent(true));
        try {
            Plan plan = plan(1, 1, Hooks.NONE);
            Executable executable = workspace.compile(plan);
            float[] first = logits(executable.run(row(1, 0, 0)), plan);
            SoftwareGpu.cooperativeBlocks(1);
            float[] second = logits(executable.run(row(1, 1, 7)), plan);
            float[] third = logits(executable.run(row(1, 2, 14)), plan);
            assertSame(expected, List.of(first, second, third));
        } finally {
            SoftwareGpu.reset();
        }
    }

    @Test
    void editsCutGraphsAndSeeTheRowsOfEveryStep() {
        var seen = new ArrayList<Integer>();
        Hooks edit = Hooks.edit(STREAM, new Edit.OnHost((point, rows, values, columns) -> {
            assertEquals(12, columns);
            seen.add(rows.positions()[0]);
            values[3] += 1;
        }));
        List<float[]> graphs = decode(4, edit);
        assertEquals(List.of(0, 1, 2, 3), seen);
        reopen(CudaOptions.DEFAULT.withGraphs(false));
        assertSame(graphs, decode(4, edit));
        assertFalse(java.util.Arrays.equals(decode(1, Hooks.NONE).getFirst(), graphs.getFirst()));
    }

    @Test
    void aSweepReplaysOneGraphThroughOpenedAttentionToo() {
        Hooks edits = Hooks.edit(STREAM, sweep(0)).withEdit(PATTERN, Edit.scale(0));
        Plan plan = plan(1, 1, edits);
        Executable executable = workspace.compile(plan);
        executable.run(row(0, 0, 7));
        executable.run(row(0, 0, 7));
        long handles = SoftwareGpu.isPresent() ? SoftwareGpu.handles() : 0;
        List<float[]> swept = swept(executable, plan);
        assertEquals(handles, SoftwareGpu.isPresent() ? SoftwareGpu.handles() : 0, "nothing is captured again");
        assertEquals(
                9, swept.stream().map(java.util.Arrays::hashCode).distinct().count());
        reopen(CudaOptions.DEFAULT.withGraphs(false));
        assertSame(swept, swept(workspace.compile(plan), plan));
        reopen(CudaOptions.DEFAULT.withPersistent(true));
        assertSame(swept, swept(workspace.compile(plan), plan));
    }

    private List<float[]> swept(Executable executable, Plan plan) {
        var swept = new ArrayList<float[]>();
        for (int i = 0; i < 9; i++) {
            EditCase.write(workspace, STREAM, sweep(i), 12, 2);
            EditCase.write(workspace, PATTERN, Edit.scale(i / 8f).onHeads(i % 3), 3 * 16, 2);
            swept.add(logits(executable.run(row(0, 0, 7)), plan));
        }
        return swept;
    }

    private static Edit.OnMachine sweep(int step) {
        var vector = new float[12];
        vector[step] = 1;
        return Edit.add(vector, step / 4f);
    }

    @Test
    void anEditCannotMoveTheMemoryOfItsOwnStep() {
        Hooks edit = Hooks.edit(
                STREAM, new Edit.OnHost((point, rows, values, columns) -> workspace.compile(plan(9, 9, Hooks.NONE))));
        Executable executable = workspace.compile(plan(1, 1, edit));
        assertThrows(IllegalStateException.class, () -> executable.run(row(0, 0, 1)));
        workspace.compile(plan(9, 9, Hooks.NONE));
    }

    @Test
    void aStepThatFailsHasTakenTheMemoryOfTheOldest() {
        Plan plan = plan(1, 1, Hooks.NONE);
        Executable executable = workspace.compile(plan);
        Executable failing =
                workspace.compile(plan(9, 1, Hooks.edit(STREAM, new Edit.OnHost((p, r, values, columns) -> {
                    throw new ArithmeticException("on purpose");
                }))));
        Run oldest = executable.run(row(0, 0, 1));
        Run newest = executable.run(row(0, 0, 1));
        float[] logits = logits(oldest, plan);
        var nine = new Rows(new int[9], new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8}, new int[9], new int[] {8});
        assertThrows(ArithmeticException.class, () -> failing.run(nine));
        assertThrows(IllegalStateException.class, () -> logits(oldest, plan));
        assertArrayEquals(logits, logits(newest, plan));
    }

    @Test
    void anEditThatFailsLeavesTheStepToBeRetried() {
        var failing = new boolean[] {false};
        Hooks edit = Hooks.edit(STREAM, new Edit.OnHost((point, rows, values, columns) -> {
            if (failing[0]) {
                throw new ArithmeticException("on purpose");
            }
        }));
        Plan plan = plan(1, 1, edit);
        Executable executable = workspace.compile(plan);
        float[] first = logits(executable.run(row(0, 0, 1)), plan);
        Run before = executable.run(row(0, 0, 1));
        failing[0] = true;
        assertThrows(ArithmeticException.class, () -> executable.run(row(0, 1, 2)));
        assertArrayEquals(first, logits(before, plan), "a step that has not happened overwrites nothing");
        failing[0] = false;
        float[] retried = logits(executable.run(row(0, 1, 2)), plan);
        assertSame(List.of(first, retried), replayed(plan));
    }

    private List<float[]> replayed(Plan plan) {
        Executable other = workspace.compile(plan);
        return List.of(logits(other.run(row(1, 0, 1)), plan), logits(other.run(row(1, 1, 2)), plan));
    }

    @Test
    void anEditCannotRunAStepOfItsOwnWorkspace() {
        Executable inner = workspace.compile(plan(1, 1, Hooks.NONE));
        Hooks edit = Hooks.edit(STREAM, new Edit.OnHost((point, rows, values, columns) -> inner.run(rows)));
        Executable outer = workspace.compile(plan(1, 1, edit));
        assertThrows(IllegalStateException.class, () -> outer.run(row(0, 0, 1)));
        inner.run(row(0, 0, 1));
    }

    @Test
    void theRunBeforeTheNewestCanBeReadAndNoOlderOne() {
        assertEquals(1, backend.runsKept());
        Plan plan = plan(1, 1, Hooks.tap(List.of(STREAM)));
        Tensor stream = plan.taps().get(STREAM);
        Executable executable = workspace.compile(plan);
        Run first = executable.run(row(0, 0, 1));
        float[] whatItSaw = floats(first.read(stream));
        Run second = executable.run(row(0, 1, 2));
        assertArrayEquals(whatItSaw, floats(first.read(stream)));
        Run third = executable.run(row(0, 2, 3));
        assertThrows(IllegalStateException.class, () -> first.read(stream));
        assertEquals(12, floats(second.read(stream)).length);
        assertEquals(12, floats(third.read(stream)).length);
        var other = new Tensor(stream.id() - 1, "other", DType.FLOAT32, 1, 1, Tensor.Role.VALUE);
        assertThrows(IllegalArgumentException.class, () -> third.read(other));
    }

    @Test
    void aLargerPlanMovesTheMemoryAndEarlierPlansFollow() {
        Plan small = plan(1, 1, Hooks.NONE);
        Executable decoding = workspace.compile(small);
        float[] first = logits(decoding.run(row(0, 0, 5)), small);
        assertArrayEquals(first, logits(decoding.run(row(0, 0, 5)), small));
        Run kept = decoding.run(row(0, 0, 5));
        Plan large = plan(9, 9, Hooks.tap(HookPoint.all(2)));
        Executable prefill = workspace.compile(large);
        assertArrayEquals(first, logits(kept, small), "compiling a larger plan loses nothing");
        prefill.run(RandomModel.rows(new int[9], 0, 9)).read(large.results().getFirst());
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(first, logits(decoding.run(row(1, 0, 5)), small));
        }
    }

    @Test
    void aChosenTokenComesBackWithoutItsLogits() {
        Plan forward = plan(2, 2, Hooks.NONE);
        var rows = new Rows(new int[] {0, 1}, new int[2], new int[] {3, 4}, new int[] {0, 1});
        float[] logits = logits(workspace.compile(forward).run(rows), forward);
        MemorySegment greedy = MemorySegment.ofArray(new SamplerSettings(true, 1, 1, 0, 1, 0, 0).words());
        workspace.write(state.samplers(), 0, greedy);
        workspace.write(state.samplers(), SamplerSettings.WORDS, greedy);
        Plan generate = Planner.plan(
                Gpt2Forward.write(
                        CONFIG,
                        model.weights,
                        state.step(2, 2, 16),
                        new Ending(Ending.Results.TOKENS, Ending.Until.BLOCKS)),
                Hooks.NONE);
        Run run = workspace.compile(generate).run(rows);
        int[] chosen = run.read(generate.results().getFirst()).toArray(ValueLayout.JAVA_INT);
        for (int o = 0; o < 2; o++) {
            assertEquals(best(logits, 50 * o), chosen[o]);
        }
    }

    private static int best(float[] logits, int from) {
        int best = 0;
        for (int t = 1; t < 50; t++) {
            best = logits[from + t] > logits[from + best] ? t : best;
        }
        return best;
    }

    @Test
    void stateIsWrittenOnlyWhereItIs() {
        var values = MemorySegment.ofArray(new int[8]);
        long last = state.samplers().size() - 7;
        assertThrows(IllegalArgumentException.class, () -> workspace.write(state.samplers(), last, values));
        assertThrows(IllegalArgumentException.class, () -> workspace.write(state.samplers(), -1, values));
        var other = new Tensor(1 << 19, "other", DType.INT32, 8, 1, Tensor.Role.STATE);
        assertThrows(IllegalArgumentException.class, () -> workspace.write(other, 0, values));
    }

    @Test
    void whatIsClosedRefusesToWork() {
        Plan plan = plan(1, 1, Hooks.NONE);
        Executable executable = workspace.compile(plan);
        Run run = executable.run(row(0, 0, 1));
        MemorySegment logits = run.read(plan.results().getFirst());
        workspace.close();
        assertThrows(IllegalStateException.class, () -> executable.run(row(0, 0, 1)));
        assertThrows(IllegalStateException.class, () -> run.read(plan.results().getFirst()));
        assertThrows(IllegalStateException.class, () -> logits.get(ValueLayout.JAVA_FLOAT, 0));
        weights.close();
        assertThrows(IllegalStateException.class, () -> weights.allocate(state.all()));
        backend.close();
        assertThrows(IllegalStateException.class, () -> backend.load(model.views));
    }

    @Test
    void theDescriptionNamesTheGpuAndItsMatmuls() {
        assertTrue(backend.description().contains(" GiB, fast: "), backend.description());
        reopen(CudaOptions.DEFAULT.withExact(true));
        assertTrue(backend.description().endsWith("exact: matmuls by Weir's kernels"), backend.description());
    }
}
