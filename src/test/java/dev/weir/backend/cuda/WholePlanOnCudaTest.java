package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.weir.backend.CudaOptions;
import dev.weir.backend.RandomModel.Seen;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.ModelConfig;
import dev.weir.oracle.Bounds;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whole plans of random models on the GPU, beside the CPU: the same bits in exact mode, as close as documented in fast mode. */
@Tag("cuda")
class WholePlanOnCudaTest {

    /** An edit whose controls nobody has written changes no row: all it does is stand between two ops. */
    private static final Edit UNSET = Edit.scale(2);

    private static final List<Site> EDITED = List.of(
            Site.Q, Site.K, Site.V, Site.Z, Site.ATTN_OUT, Site.RESID_MID, Site.MLP_PRE, Site.MLP_POST, Site.MLP_OUT);

    private static CudaBackend exact;
    private static CudaBackend fast;
    private static CudaBackend opByOp;

    @BeforeContainer
    static void open() {
        exact = new CudaBackend(0, CudaOptions.DEFAULT.withExact(true));
        fast = new CudaBackend(0, CudaOptions.DEFAULT);
        opByOp = new CudaBackend(0, CudaOptions.DEFAULT.withSync(true));
    }

    @AfterContainer
    static void close() {
        exact.close();
        fast.close();
        opByOp.close();
    }

    @Property(tries = 6, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void exactIsTheCpuBitForBitAtEveryPoint(@ForAll long seed) {
        var c = new RandomCase(seed);
        Seen expected = c.onTheCpu();
        RandomCase.assertSame(expected, c.inOneStep(exact, c.everything, true));
        RandomCase.assertSame(expected, c.inOneStep(exact, c.everything, false));
    }

    @Property(tries = 6, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void exactInAnyCutIntoStepsIsTheCpuInOneStep(@ForAll long seed) {
        var c = new RandomCase(seed);
        Seen whole = c.onTheCpu();
        try (var run = c.model.new Run(exact, 1)) {
            int from = 0;
            while (from < c.tokens.length) {
                int to = c.random.nextBoolean()
                        ? from + 1
                        : Math.min(c.tokens.length, from + 1 + c.random.nextInt(c.tokens.length));
                c.assertRows(whole, from, run.step(c.rows(from, to), c.everything, true), to - from);
                from = to;
            }
        }
    }

    @Property(tries = 6, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void exactSlotsInOneStepAreTheCpuToo(@ForAll long seed) {
        var c = new RandomCase(seed);
        int slotCount = 2 + c.random.nextInt(3);
        Rows rows = mixed(c, slotCount);
        try (var cpu = new CpuBackend(1);
                var expected = c.model.new Run(cpu, slotCount);
                var got = c.model.new Run(exact, slotCount)) {
            RandomCase.assertSame(expected.step(rows, c.everything, true), got.step(rows, c.everything, true));
        }
    }

    /** Some slots in any order, with as many rows each as chance wants. */
    private static Rows mixed(RandomCase c, int slotCount) {
        var order = new ArrayList<Integer>();
        for (int slot = 0; slot < slotCount; slot++) {
            order.add(slot);
        }
        Collections.shuffle(order, c.random);
        var slots = new ArrayList<Integer>();
        var positions = new ArrayList<Integer>();
        for (int slot : order) {
            int count = 1 + c.random.nextInt(9);
            for (int i = 0; i < count; i++) {
                slots.add(slot);
                positions.add(i);
            }
        }
        int[] tokens =
                c.random.ints(slots.size(), 0, c.model.config.vocabulary()).toArray();
        int[] outputs = {0, slots.size() - 1};
        return new Rows(array(slots), array(positions), tokens, outputs);
    }

    private static int[] array(ArrayList<Integer> numbers) {
        return numbers.stream().mapToInt(Integer::intValue).toArray();
    }

    @Property(tries = 6, seed = "2026", shrinking = ShrinkingMode.OFF)
    void fastFloat32StaysWithinTheBounds(@ForAll long seed) {
        var c = RandomCase.wide(seed, DType.FLOAT32);
        RandomCase.assertClose(c.onTheCpu(), c.inOneStep(fast, c.everything, true), Bounds.fastShare(DType.FLOAT32));
    }

    @Property(tries = 6, seed = "2026", shrinking = ShrinkingMode.OFF)
    void fastBfloat16StaysWithinTheBounds(@ForAll long seed) {
        var c = RandomCase.wide(seed, DType.BFLOAT16);
        RandomCase.assertClose(c.onTheCpu(), c.inOneStep(fast, c.everything, true), Bounds.fastShare(DType.BFLOAT16));
    }

    @Property(tries = 6, seed = "2026", shrinking = ShrinkingMode.OFF)
    void fastFloat16StaysWithinTheBounds(@ForAll long seed) {
        var c = RandomCase.wide(seed, DType.FLOAT16);
        RandomCase.assertClose(c.onTheCpu(), c.inOneStep(fast, c.everything, true), Bounds.fastShare(DType.FLOAT16));
    }

    @Property(tries = 6, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void tapsAndFusionChangeNoBitOfTheFastPath(@ForAll long seed) {
        var c = new RandomCase(seed);
        Seen everything = c.inOneStep(fast, c.everything, true);
        RandomCase.assertSame(everything, c.inOneStep(fast, c.everything, false));
        var points = new ArrayList<>(HookPoint.all(c.model.config.layers()));
        Collections.shuffle(points, c.random);
        Hooks some = Hooks.tap(points.subList(0, c.random.nextInt(points.size())));
        c.inOneStep(fast, some, true)
                .values()
                .forEach((name, values) -> assertArrayEquals(everything.at(name), values, name));
    }

    /** Steps of few rows, of which the last attend to keys enough for several splits. */
    @Property(tries = 6, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void whatIsJoinedHasTheBitsOfOpByOpWhateverIsSeen(@ForAll long seed) {
        var random = new Random(seed);
        var c = new RandomCase(joined(random), type(random), seed, 170);
        List<HookPoint> points = new ArrayList<>(HookPoint.all(c.model.config.layers()));
        Collections.shuffle(points, random);
        Hooks some = Hooks.tap(points.subList(0, random.nextInt(points.size())));
        Hooks edited = some.withEdit(HookPoint.of(random.nextInt(2), EDITED.get(random.nextInt(EDITED.size()))), UNSET);
        try (var expected = c.model.new Run(opByOp, 1);
                var got = c.model.new Run(fast, 1);
                var between = c.model.new Run(fast, 1)) {
            int from = 0;
            for (int rows : new int[] {1, 1 + random.nextInt(8), 140, 1, 1 + random.nextInt(8), 3}) {
                Rows these = c.rows(from, from + rows);
                Seen alone = expected.step(these, some, true);
                RandomCase.assertSame(alone, got.step(these, some, rows % 2 == 0));
                RandomCase.assertSame(alone, between.step(these, edited, true));
                from += rows;
            }
        }
    }

    private static DType type(Random random) {
        return List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16).get(random.nextInt(3));
    }

    /** More columns than the software GPU's blocks make in one round, in some. */
    private static ModelConfig joined(Random random) {
        int heads = 1 + random.nextInt(3);
        return new ModelConfig(
                20 + random.nextInt(200),
                300,
                heads * (1 + random.nextInt(20)),
                2,
                heads,
                1 + random.nextInt(130),
                Activation.values()[random.nextInt(3)],
                1e-5f,
                random.nextBoolean(),
                random.nextBoolean());
    }

    @Property(tries = 6, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void aRunIsItselfFromRunToRun(@ForAll long seed) {
        var c = new RandomCase(seed);
        Seen first = c.inOneStep(fast, c.everything, true);
        Seen second = c.inOneStep(fast, c.everything, true);
        RandomCase.assertSame(first, second);
    }

    /** Enough rows for the library, where there is one, and for tiles of rows that are not all of one slot. */
    @Example
    void aLongPromptStaysWithinTheBoundsForEveryType() {
        var config = new ModelConfig(90, 80, 24, 1, 3, 40, Activation.GELU_NEW, 1e-5f, true, false);
        for (DType type : List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16)) {
            var c = new RandomCase(config, type, 3, 70);
            RandomCase.assertClose(c.onTheCpu(), c.inOneStep(fast, c.everything, true), Bounds.fastShare(type));
            RandomCase.assertSame(c.onTheCpu(), c.inOneStep(exact, c.everything, true));
        }
    }
}
