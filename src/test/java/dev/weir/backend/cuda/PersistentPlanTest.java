package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.Backend;
import dev.weir.backend.CudaOptions;
import dev.weir.backend.RandomModel;
import dev.weir.backend.RandomModel.Seen;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterTry;

/** A step as one launch has the bits that it has as a launch for every op, whatever is looked at, edited and asked for. */
@Tag("cuda")
@Tag("software-gpu")
class PersistentPlanTest {

    private static final int SLOTS = 3;
    private static final CudaOptions ONE = CudaOptions.DEFAULT.withPersistent(true);
    private static final CudaOptions APART = CudaOptions.DEFAULT.withPersistent(false);

    @AfterTry
    void reset() {
        SoftwareGpu.reset();
    }

    /** What the steps of a session showed, and how many kernels ran for it. */
    private record Session(List<Seen> steps, long launches) {}

    private static Session session(RandomModel model, CudaOptions options, Hooks hooks, List<Rows> steps) {
        try (Backend backend = new CudaBackend(0, options);
                var run = model.new Run(backend, SLOTS)) {
            long before = SoftwareGpu.launches();
            List<Seen> seen =
                    steps.stream().map(rows -> run.step(rows, hooks, true)).toList();
            return new Session(seen, SoftwareGpu.launches() - before);
        }
    }

    private static void assertSame(RandomModel model, CudaOptions options, Hooks hooks, List<Rows> steps) {
        Session apart = session(model, options.withPersistent(false), hooks, steps);
        Session one = session(model, options.withPersistent(true), hooks, steps);
        for (int i = 0; i < steps.size(); i++) {
            RandomCase.assertSame(apart.steps.get(i), one.steps.get(i));
        }
        assertEquals(steps.size(), one.launches, "a launch a step");
        assertTrue(apart.launches > 8L * steps.size());
    }

    private static RandomModel model(long seed) {
        var random = new Random(seed);
        int heads = 1 + random.nextInt(3);
        var config = new ModelConfig(
                20 + random.nextInt(60),
                24,
                heads * (1 + random.nextInt(12)),
                1 + random.nextInt(2),
                heads,
                1 + random.nextInt(50),
                Activation.values()[random.nextInt(3)],
                1e-5f,
                random.nextBoolean(),
                random.nextBoolean());
        return new RandomModel(
                config, List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16).get(random.nextInt(3)), seed);
    }

    /** Rows of all slots, each slot going on where it was; the logits of some. */
    private static List<Rows> steps(RandomModel model, Random random, int count) {
        var next = new int[SLOTS];
        var steps = new ArrayList<Rows>();
        for (int i = 0; i < count; i++) {
            int rows = 1 + random.nextInt(8);
            int[] slots = random.ints(rows, 0, SLOTS).sorted().toArray();
            int[] positions = Arrays.stream(slots).map(slot -> next[slot]++).toArray();
            int[] tokens = random.ints(rows, 0, model.config.vocabulary()).toArray();
            int[] outputs = random.ints(1 + random.nextInt(rows), 0, rows).toArray();
            steps.add(new Rows(slots, positions, tokens, outputs));
        }
        return steps;
    }

    private static Hooks someTaps(RandomModel model, Random random) {
        var points = new ArrayList<>(HookPoint.all(model.config.layers()));
        points.removeIf(point -> point.site() == Site.RESULT);
        Collections.shuffle(points, random);
        return Hooks.tap(points.subList(0, random.nextInt(points.size())));
    }

    @Property(tries = 8, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void everyPointHasTheSameBits(@ForAll long seed, @ForAll boolean exact) {
        RandomModel model = model(seed);
        var random = new Random(seed);
        assertSame(model, ONE.withExact(exact), someTaps(model, random), steps(model, random, 3));
    }

    @Property(tries = 8, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void howManyBlocksThereAreAndInWhichOrderTheyRunChangesNothing(
            @ForAll long seed, @ForAll @IntRange(min = 0, max = 4) int size, @ForAll SoftwareGpu.Order order) {
        int[][] sizes = {{1, 1}, {2, 1}, {7, 1}, {3, 5}, {4, 32}};
        SoftwareGpu.multiprocessors(sizes[size][0], sizes[size][1]);
        SoftwareGpu.order(order);
        RandomModel model = model(seed);
        var random = new Random(seed);
        assertSame(model, ONE, someTaps(model, random), steps(model, random, 2));
    }

    @Property(tries = 4, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void noTwoBlocksRace(@ForAll long seed, @ForAll SoftwareGpu.Order order, @ForAll boolean exact) {
        SoftwareGpu.checks(SoftwareGpu.Checks.ALL);
        SoftwareGpu.multiprocessors(3, 2);
        SoftwareGpu.order(order);
        RandomModel model = model(seed);
        var random = new Random(seed);
        assertSame(model, ONE.withExact(exact), someTaps(model, random), steps(model, random, 2));
    }

    @Property(tries = 6, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void editsAreInstructions(@ForAll long seed) {
        RandomModel model = model(seed);
        var random = new Random(seed);
        var vector = new float[model.config.width()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        Hooks hooks = Hooks.tap(List.of(HookPoint.of(0, Site.RESID_POST)))
                .withEdit(HookPoint.of(0, Site.RESID_PRE), Edit.add(vector, 2))
                .withEdit(HookPoint.of(0, Site.PATTERN), Edit.scale(0.5f).onHeads(0))
                .withEdit(HookPoint.of(0, Site.RESID_MID), Edit.projectOut(vector))
                .withEdit(HookPoint.of(0, Site.MLP_PRE), Edit.scale(3))
                .withEdit(HookPoint.of(model.config.layers() - 1, Site.MLP_OUT), Edit.replace(vector, 1));
        assertSame(model, ONE, hooks, steps(model, random, 2));
    }

    /** Wide enough that heads, rows and columns are read by 16 bytes, and that a context has several splits. */
    @Example
    void aWiderModelHasTheSameBits() {
        var config = new ModelConfig(300, 600, 128, 2, 2, 256, Activation.GELU_NEW, 1e-5f, true, true);
        for (DType type : List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16)) {
            var model = new RandomModel(config, type, 5);
            var random = new Random(5);
            var rows = new ArrayList<>(steps(model, random, 2));
            rows.add(new Rows(new int[] {1}, new int[] {599}, new int[] {17}, new int[] {0}));
            assertSame(model, ONE, Hooks.NONE, rows);
            assertSame(model, ONE, Hooks.edit(HookPoint.of(0, Site.Z), Edit.scale(2)), rows);
        }
    }

    @Example
    void manyRowsAreManyLaunches() {
        RandomModel model = model(4);
        Rows nine = RandomModel.rows(new int[9], 0, 9);
        assertTrue(session(model, ONE, Hooks.NONE, List.of(nine)).launches > 8);
    }

    @Example
    void whereAllBlocksCannotLiveAtOnceEveryOpIsALaunch() {
        RandomModel model = model(4);
        List<Rows> steps = steps(model, new Random(4), 2);
        Session apart = session(model, APART, Hooks.NONE, steps);
        for (int most : new int[] {0, 1}) {
            SoftwareGpu.cooperativeBlocks(most);
            Session refused = session(model, ONE, Hooks.NONE, steps);
            assertEquals(apart.launches, refused.launches);
            RandomCase.assertSame(apart.steps.getLast(), refused.steps.getLast());
        }
    }
}
