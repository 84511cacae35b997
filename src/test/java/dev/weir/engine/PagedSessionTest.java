package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.Backend;
import dev.weir.backend.RandomModel;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.backend.cpu.ScalarKernels;
import dev.weir.backend.cpu.vector.VectorKernels;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.function.Executable;

/** Wherever the positions of slots lie, and whoever computed them, the bits are those of slots with memory of their own. */
class PagedSessionTest {

    private static final int SLOTS = 3;
    private static final int LAST = SLOTS - 1;
    private static final int MAX_ROWS = 200;

    @Property(tries = 20, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void everyPointHasTheSameBits(@ForAll long seed, @ForAll boolean vectors) {
        var random = new Random(seed);
        RandomModel model = model(random, 1 + random.nextInt(270));
        try (Backend own = new CpuBackend(1, ScalarKernels::new);
                Backend paged =
                        new CpuBackend(1 + random.nextInt(3), vectors ? VectorKernels::new : ScalarKernels::new)) {
            check(model, own, paged, random);
        }
    }

    @Example
    void whatASlotHasNoPagesForIsRefused() {
        RandomModel model = model(new Random(1), 100);
        State state = State.of(model.config, 2, 100, 5, 6, 64);
        try (Backend backend = new CpuBackend(1);
                var weights = backend.load(model.views);
                var session = new Session(model.config, model.weights, weights, backend.runsKept(), state)) {
            requireRefused("position below the 0 for which slot 1 has pages", () -> step(session, 1, 0, 1));
            session.pages(1, new int[] {3});
            requireRefused("position below the 32 for which slot 1 has pages", () -> step(session, 1, 0, 33));
            step(session, 1, 0, 32);
            requireRefused("position below the 32 for which slot 1 has pages", () -> step(session, 1, 32, 33));
            session.pages(1, new int[] {3, 5});
            step(session, 1, 32, 64);
            requireRefused("0 to the 64 positions for which slot 1 has pages", () -> session.resume(1, 65));
            requireRefused("0 to the 0 positions for which slot 0 has pages", () -> session.resume(0, 1));
            requireRefused("from 0 to the 64 positions", () -> session.resume(1, -1));
            requireRefused("from 0 to 5, got 6", () -> session.pages(0, new int[] {1, 6}));
            requireRefused("from 0 to 5, got -1", () -> session.pages(0, new int[] {-1}));
            requireRefused("each once, got page 2 again", () -> session.pages(0, new int[] {2, 4, 2}));
            requireRefused(
                    "at most the 4 of its 100 positions, got 5", () -> session.pages(0, new int[] {0, 1, 2, 3, 4}));
            requireRefused("a slot below 2, got 2", () -> session.pages(2, new int[] {1}));
            session.pages(0, new int[] {0, 1, 2, 4});
            session.resume(0, 100);
            assertEquals(100, session.length(0));
            assertEquals(64, session.length(1));
        }
    }

    @Example
    void pagesAreForSessionsThatWereOpenedWithThem() {
        var source = new SyntheticWeights("tiny", model(new Random(1), 100).config, DType.FLOAT32, 1);
        try (Weir weir = Weir.of(source, Options.DEFAULT.withThreads(1));
                Session own = weir.session(2, 70);
                Session paged = weir.pagedSession(2, 70, 64, 3, 8)) {
            assertThrows(IllegalStateException.class, () -> own.pages(0, new int[] {1}));
            own.resume(1, 70);
            requireRefused("from 0 to the 70 positions", () -> own.resume(1, 71));
            paged.pages(0, new int[] {2, 1});
            requireRefused("at most 8 rows", () -> step(paged, 0, 0, 9));
            requireRefused("power of two from 32 on, got 48", () -> weir.pagedSession(1, 70, 48, 3, 8));
            requireRefused("power of two from 32 on, got 16", () -> weir.pagedSession(1, 70, 16, 3, 8));
        }
    }

    private static void step(Session session, int slot, int from, int to) {
        var slots = new int[to - from];
        Arrays.fill(slots, slot);
        session.step(new Rows(slots, IntStream.range(from, to).toArray(), new int[to - from], new int[1]), Hooks.NONE);
    }

    private static void requireRefused(String why, Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains(why), message);
    }

    static RandomModel model(Random random, int context) {
        int heads = 1 + random.nextInt(3);
        var config = new ModelConfig(
                20 + random.nextInt(30),
                context,
                heads * (1 + random.nextInt(20)),
                1 + random.nextInt(2),
                heads,
                1 + random.nextInt(40),
                Activation.GELU_NEW,
                1e-5f,
                random.nextBoolean(),
                random.nextBoolean());
        DType type = List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16).get(random.nextInt(3));
        return new RandomModel(config, type, random.nextLong());
    }

    /** A prompt whose first pages another slot takes over, and then steps that go on with any slots. */
    static void check(RandomModel model, Backend own, Backend paged, Random random) {
        int context = model.config.context();
        int shift = 5 + random.nextInt(3);
        int pageRows = 1 << shift;
        int pagesOfSlot = Math.ceilDiv(context, pageRows);
        int pages = SLOTS * pagesOfSlot + random.nextInt(3);
        int sharedPages = random.nextInt(1 + Math.min(MAX_ROWS, context - 1) / pageRows);
        int prefix = sharedPages * pageRows;
        int[][] tables = tables(random, pages, pagesOfSlot, sharedPages);
        State whole = State.of(model.config, SLOTS, context, MAX_ROWS);
        State cut = State.of(model.config, SLOTS, context, shift, pages, MAX_ROWS);
        int[] prompt = random.ints(prefix, 0, model.config.vocabulary()).toArray();
        try (var ownWeights = own.load(model.views);
                var pagedWeights = paged.load(model.views);
                var expected = new Session(model.config, model.weights, ownWeights, own.runsKept(), whole);
                var got = new Session(model.config, model.weights, pagedWeights, paged.runsKept(), cut)) {
            if (prefix > 0) {
                got.pages(0, Arrays.copyOf(tables[0], sharedPages));
                assertSame(expected, got, rows(new int[prefix], new int[SLOTS], prompt), Hooks.NONE);
                var second = new int[prefix];
                Arrays.fill(second, 1);
                expected.step(rows(second, new int[SLOTS], prompt), Hooks.NONE);
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                got.pages(slot, tables[slot]);
            }
            got.resume(1, prefix);
            for (int step = 0; step < 6; step++) {
                if (got.length(LAST) == context) {
                    expected.reset(LAST);
                    got.reset(LAST);
                }
                assertSame(expected, got, someRows(model, expected, random), someHooks(model, random));
            }
        }
    }

    /** Pages of each slot in any order, the first of slot 1 those of slot 0. */
    private static int[][] tables(Random random, int pages, int pagesOfSlot, int sharedPages) {
        List<Integer> all = new ArrayList<>(IntStream.range(0, pages).boxed().toList());
        Collections.shuffle(all, random);
        var tables = new int[SLOTS][];
        for (int slot = 0; slot < SLOTS; slot++) {
            tables[slot] = all.subList(slot * pagesOfSlot, (slot + 1) * pagesOfSlot).stream()
                    .mapToInt(page -> page)
                    .toArray();
        }
        System.arraycopy(tables[0], 0, tables[1], 0, sharedPages);
        return tables;
    }

    private static Rows rows(int[] slots, int[] lengths, int[] tokens) {
        int[] next = lengths.clone();
        int[] positions = Arrays.stream(slots).map(slot -> next[slot]++).toArray();
        return new Rows(
                slots, positions, tokens, IntStream.range(0, slots.length).toArray());
    }

    /** One row of some slots, of the last at least, and many of others. */
    private static Rows someRows(RandomModel model, Session session, Random random) {
        var slots = IntStream.builder();
        int[] lengths = IntStream.range(0, SLOTS).map(session::length).toArray();
        int count = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            int left = model.config.context() - lengths[slot];
            int wanted = random.nextBoolean() ? 1 : random.nextInt(random.nextBoolean() ? 4 : MAX_ROWS / SLOTS);
            wanted = Math.max(wanted, slot == LAST ? 1 : 0);
            for (int row = 0; row < Math.min(left, wanted); row++) {
                slots.add(slot);
                count++;
            }
        }
        return rows(
                slots.build().toArray(),
                lengths,
                random.ints(count, 0, model.config.vocabulary()).toArray());
    }

    private static Hooks someHooks(RandomModel model, Random random) {
        var points = new ArrayList<>(HookPoint.all(model.config.layers()));
        points.removeIf(point -> random.nextInt(4) == 0 || (point.site() == Site.RESULT && random.nextBoolean()));
        Hooks hooks = Hooks.tap(random.nextBoolean() ? points : List.of());
        return switch (random.nextInt(4)) {
            case 0 -> hooks.withEdit(HookPoint.of(0, Site.PATTERN), Edit.scale(0.5f));
            case 1 -> hooks.withEdit(HookPoint.of(0, Site.ATTN_SCORES), Edit.scale(2));
            default -> hooks;
        };
    }

    private static void assertSame(Session expected, Session got, Rows rows, Hooks hooks) {
        Session.StepResult one = expected.step(rows, hooks);
        Session.StepResult other = got.step(rows, hooks);
        for (HookPoint point : hooks.taps().keySet()) {
            assertArrayEquals(
                    one.tapped(point).toArray(ValueLayout.JAVA_INT),
                    other.tapped(point).toArray(ValueLayout.JAVA_INT),
                    () -> point + " of rows " + Arrays.toString(rows.slots()) + " at "
                            + Arrays.toString(rows.positions()));
        }
        for (int output = 0; output < rows.outputs().length; output++) {
            String row = "logits of row " + output + " of " + Arrays.toString(rows.slots()) + " at "
                    + Arrays.toString(rows.positions());
            float[] logits = one.logits(output).toArray(ValueLayout.JAVA_FLOAT);
            for (float logit : logits) {
                assertTrue(Float.isFinite(logit), row);
            }
            assertArrayEquals(logits, other.logits(output).toArray(ValueLayout.JAVA_FLOAT), row);
        }
    }
}
