package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Run;
import dev.weir.backend.Backend.Workspace;
import dev.weir.backend.RandomModel;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.program.Activation;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a caller may rely on, and what it is told when it errs. */
class CpuBackendTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(50, 16, 12, 2, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
    private static final int SLOTS = 2;
    private static final HookPoint STREAM = HookPoint.of(1, Site.RESID_PRE);

    private final RandomModel model = new RandomModel(CONFIG, DType.FLOAT32, 3);
    private final State state = model.state(SLOTS);
    private final CpuBackend backend = new CpuBackend(2);
    private final LoadedWeights weights = backend.load(model.views);
    private final Workspace workspace = weights.allocate(state.all());

    CpuBackendTest() {
        RandomModel.givePages(workspace, state);
    }

    @AfterEach
    void close() {
        workspace.close();
        weights.close();
        backend.close();
    }

    private Plan plan(int rows, int outputs, int keys, Hooks hooks) {
        return Planner.plan(Gpt2Forward.write(CONFIG, model.weights, state.step(rows, outputs, keys)), hooks);
    }

    private static Rows rows(int slot, int position, int token) {
        return new Rows(new int[] {slot}, new int[] {position}, new int[] {token}, new int[] {0});
    }

    private static float[] floats(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_FLOAT);
    }

    private static float[] logits(Run run, Plan plan) {
        return floats(run.read(plan.results().getFirst()));
    }

    private static void assertRefused(String message, Executable executable, Rows rows) {
        var e = assertThrows(IllegalArgumentException.class, () -> executable.run(rows));
        assertEquals(message, e.getMessage());
    }

    @Test
    void rowsThatDoNotFitAreRefusedByName() {
        Executable one = workspace.compile(plan(1, 1, 16, Hooks.NONE));
        assertRefused("token id: expected from 0 to 49, got 50", one, rows(0, 0, 50));
        assertRefused("token id: expected from 0 to 49, got -1", one, rows(0, 0, -1));
        assertRefused("position: expected from 0 to 15, got 16", one, rows(0, 16, 0));
        assertRefused("slot: expected from 0 to 1, got 2", one, rows(2, 0, 0));
        assertRefused("rows: expected 1 as in the plan, got 2", one, RandomModel.rows(new int[2], 0, 2));
        var noOutput = new Rows(new int[1], new int[1], new int[1], new int[0]);
        assertRefused("outputs: expected 1 as in the plan, got 0", one, noOutput);
        var wrongOutput = new Rows(new int[1], new int[1], new int[1], new int[] {1});
        assertRefused("output row: expected from 0 to 0, got 1", one, wrongOutput);
    }

    @Test
    void rowsOfASlotMustBeTogetherAndAscend() {
        Executable two = workspace.compile(plan(2, 2, 16, Hooks.NONE));
        var outputs = new int[] {0, 1};
        assertRefused(
                "position of row 1: expected above the 3 of the row before it in slot 0, got 3",
                two,
                new Rows(new int[2], new int[] {3, 3}, new int[2], outputs));
        Executable three = workspace.compile(plan(3, 2, 16, Hooks.NONE));
        assertRefused(
                "slot of row 2: expected the rows of a slot together, got 0 again",
                three,
                new Rows(new int[] {0, 1, 0}, new int[] {0, 0, 1}, new int[3], outputs));
    }

    @Test
    void aPositionBeyondTheKeysThatAreShownIsRefused() {
        Hooks pattern = Hooks.tap(List.of(HookPoint.of(0, Site.PATTERN)));
        Executable shown = workspace.compile(plan(1, 1, 4, pattern));
        assertRefused("position: expected from 0 to 3, got 4", shown, rows(0, 4, 0));
        workspace.compile(plan(1, 1, 4, Hooks.NONE)).run(rows(0, 4, 0));
    }

    @Test
    void aRefusedStepHasNotHappened() {
        Executable one = workspace.compile(plan(1, 1, 16, Hooks.NONE));
        Plan plan = plan(1, 1, 16, Hooks.NONE);
        Run run = one.run(rows(0, 0, 7));
        float[] before = logits(run, plan);
        assertThrows(IllegalArgumentException.class, () -> one.run(rows(0, 0, 99)));
        assertArrayEquals(before, logits(run, plan));
    }

    @Test
    void onlyTheResultAndTapsOfTheLastRunAreRead() {
        Plan small = plan(1, 1, 16, Hooks.tap(List.of(STREAM)));
        Plan large = plan(9, 9, 16, Hooks.tap(HookPoint.all(2)));
        Executable first = workspace.compile(small);
        Run before = first.run(rows(0, 0, 1));
        float[] logits = logits(before, small);
        Executable second = workspace.compile(large);
        assertArrayEquals(logits, logits(before, small), "compiling a larger plan loses nothing");
        Run last = second.run(RandomModel.rows(new int[9], 0, 9));
        assertEquals(0, backend.runsKept());
        assertThrows(IllegalStateException.class, () -> logits(before, small));
        int id = small.results().getFirst().id();
        var other = new Tensor(id - 1, "other", DType.FLOAT32, 1, 1, Tensor.Role.VALUE);
        assertThrows(IllegalArgumentException.class, () -> last.read(other));
        Run again = first.run(rows(0, 0, 1));
        assertArrayEquals(logits, logits(again, small), "a plan that was moved has its bits");
    }

    @Test
    void aHostFunctionSeesAndChangesRows() {
        Hooks edit = Hooks.tap(List.of(STREAM)).withEdit(STREAM, new Edit.OnHost((point, rows, values, columns) -> {
            assertEquals(STREAM, point);
            assertEquals(12, columns);
            assertEquals(24, values.length);
            for (int i = 0; i < values.length; i++) {
                values[i] = i;
            }
        }));
        Plan plan = plan(2, 1, 16, edit);
        Executable executable = workspace.compile(plan);
        Run run = executable.run(new Rows(new int[2], new int[] {0, 1}, new int[] {4, 5}, new int[] {1}));
        float[] stream = floats(run.read(plan.taps().values().iterator().next()));
        for (int i = 0; i < 24; i++) {
            assertEquals(i, stream[i]);
        }
    }

    @Test
    void aHostFunctionThatFailsLeavesTheStepToBeRetried() {
        var failing = new boolean[] {true};
        Hooks edit = Hooks.edit(STREAM, new Edit.OnHost((point, rows, values, columns) -> {
            if (failing[0]) {
                throw new ArithmeticException("on purpose");
            }
        }));
        Plan plan = plan(1, 1, 16, edit);
        Plan plain = plan(1, 1, 16, Hooks.NONE);
        Executable unedited = workspace.compile(plain);
        Run before = unedited.run(rows(1, 0, 1));
        float[] logits = logits(before, plain);
        Executable executable = workspace.compile(plan);
        assertThrows(ArithmeticException.class, () -> executable.run(rows(0, 0, 1)));
        assertThrows(IllegalStateException.class, () -> logits(before, plain));
        failing[0] = false;
        assertArrayEquals(logits, logits(executable.run(rows(0, 0, 1)), plan));
    }

    @Test
    void aHostFunctionCannotRunAStepOfItsOwnWorkspace() {
        Executable inner = workspace.compile(plan(1, 1, 16, Hooks.NONE));
        Hooks edit = Hooks.edit(STREAM, new Edit.OnHost((point, rows, values, columns) -> inner.run(rows)));
        Executable outer = workspace.compile(plan(1, 1, 16, edit));
        assertThrows(IllegalStateException.class, () -> outer.run(rows(0, 0, 1)));
        inner.run(rows(0, 0, 1));
    }

    @Test
    void whatIsNotANumberReachesTheLogits() {
        Hooks edit = Hooks.edit(STREAM, new Edit.OnHost((point, rows, values, columns) -> values[columns] = Float.NaN));
        Plan plan = plan(3, 3, 16, edit);
        Executable executable = workspace.compile(plan);
        float[] logits = logits(executable.run(RandomModel.rows(new int[] {1, 2, 3}, 0, 3)), plan);
        for (int i = 0; i < logits.length; i++) {
            assertEquals(i >= 50, Float.isNaN(logits[i]), "rows see what is before them, and nothing after");
        }
    }

    @Test
    void weightsThatWereNotLoadedAreNamed() {
        Map<Tensor, dev.weir.backend.WeightView> some = new HashMap<>(model.views);
        some.remove(model.weights.unembedding());
        try (LoadedWeights fewer = backend.load(some);
                Workspace without = fewer.allocate(state.all())) {
            Plan plan = plan(1, 1, 16, Hooks.NONE);
            var e = assertThrows(IllegalArgumentException.class, () -> without.compile(plan));
            assertEquals("weight unembed.W_U[12x50]: expected one that was loaded", e.getMessage());
        }
    }

    @Test
    void cachesThatWereNotAllocatedAreNamed() {
        try (Workspace without = weights.allocate(List.of())) {
            Plan plan = plan(1, 1, 16, Hooks.NONE);
            var e = assertThrows(IllegalArgumentException.class, () -> without.compile(plan));
            assertTrue(e.getMessage().startsWith("cache blocks.0.cache.keys"), e.getMessage());
        }
    }

    @Test
    void whatIsClosedRefusesToWork() {
        Plan plan = plan(1, 1, 16, Hooks.NONE);
        Executable executable = workspace.compile(plan);
        Run run = executable.run(rows(0, 0, 1));
        MemorySegment logits = run.read(plan.results().getFirst());
        workspace.close();
        assertThrows(IllegalStateException.class, () -> executable.run(rows(0, 0, 1)));
        assertThrows(IllegalStateException.class, () -> logits(run, plan));
        assertThrows(IllegalStateException.class, () -> workspace.compile(plan));
        assertThrows(IllegalStateException.class, () -> logits.get(ValueLayout.JAVA_FLOAT, 0));

        Workspace another = weights.allocate(state.all());
        Executable orphan = another.compile(plan);
        weights.close();
        assertThrows(IllegalStateException.class, () -> orphan.run(rows(0, 0, 1)));
        assertThrows(IllegalStateException.class, () -> weights.allocate(state.all()));
        another.close();

        backend.close();
        assertThrows(IllegalStateException.class, () -> backend.load(model.views));
    }

    @Test
    void sessionsShareAMachine() throws InterruptedException {
        Plan plan = plan(1, 1, 16, Hooks.NONE);
        Executable mine = workspace.compile(plan);
        float[] expected = logits(mine.run(rows(0, 0, 5)), plan);
        try (Workspace yours = weights.allocate(state.all())) {
            Executable other = yours.compile(plan);
            var thread = new Thread(() -> {
                for (int i = 0; i < 200; i++) {
                    other.run(rows(0, 0, 6));
                }
            });
            thread.start();
            for (int i = 0; i < 200; i++) {
                assertArrayEquals(expected, logits(mine.run(rows(0, 0, 5)), plan));
            }
            thread.join();
        }
    }

    @Test
    void aMachineHasAThread() {
        var e = assertThrows(IllegalArgumentException.class, () -> new CpuBackend(0));
        assertEquals("threads: expected one or more, got 0", e.getMessage());
    }

    @Test
    void theDescriptionSaysHowWideAndHowMany() {
        assertTrue(backend.description().matches("CPU, \\d+ lanes of float32, 2 threads"), backend.description());
    }
}
