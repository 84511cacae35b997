package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.Backend;
import dev.weir.backend.RandomModel;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.program.Activation;
import dev.weir.program.Plan;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Edits that are arithmetic, as a session runs them on the CPU; {@link EditedSessionOnCudaTest} runs the same on a GPU. */
class EditedSessionTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(40, 16, 12, 2, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
    private static final HookPoint MID = HookPoint.of(0, Site.RESID_MID);
    private static final int[] TOKENS = {3, 14, 15, 9, 26, 5, 35};
    private static final List<Site> EDITABLE = List.of(
            Site.RESID_PRE,
            Site.Q,
            Site.K,
            Site.V,
            Site.ATTN_SCORES,
            Site.PATTERN,
            Site.Z,
            Site.ATTN_OUT,
            Site.ATTN_SKIP,
            Site.RESID_MID,
            Site.MLP_IN,
            Site.MLP_PRE,
            Site.MLP_POST,
            Site.MLP_OUT,
            Site.MLP_SKIP,
            Site.RESID_POST);

    private final RandomModel model = new RandomModel(CONFIG, DType.FLOAT32, 5);
    private Backend backend;
    private Backend.LoadedWeights loaded;

    Backend machine() {
        return new CpuBackend(2);
    }

    @BeforeEach
    void open() {
        backend = machine();
        loaded = backend.load(model.views);
    }

    @AfterEach
    void close() {
        loaded.close();
        backend.close();
    }

    private Session session(Backend.LoadedWeights weights, int slots) {
        return new Session(
                CONFIG, model.weights, weights, backend.runsKept(), State.of(CONFIG, slots, CONFIG.context(), 32));
    }

    private static Rows rows(int slot, int from, int to) {
        var slots = new int[to - from];
        Arrays.fill(slots, slot);
        int[] positions = IntStream.range(from, to).toArray();
        return new Rows(
                slots,
                positions,
                Arrays.copyOfRange(TOKENS, from, to),
                IntStream.range(0, to - from).toArray());
    }

    private static float[] floats(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** The logits of all tokens in one step of a new session. */
    private float[] logits(Hooks hooks) {
        try (Session session = session(loaded, 1)) {
            return allLogits(session, rows(0, 0, TOKENS.length), hooks);
        }
    }

    private static float[] allLogits(Session session, Rows rows, Hooks hooks) {
        Session.StepResult result = session.step(rows, hooks);
        var all = new float[rows.count() * CONFIG.vocabulary()];
        for (int r = 0; r < rows.count(); r++) {
            float[] row = floats(result.logits(r));
            System.arraycopy(row, 0, all, r * row.length, row.length);
        }
        return all;
    }

    private static float[] random(long seed, int count) {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Counts the plans that are made ready. */
    private final class Counting implements Backend.LoadedWeights {
        private final Set<Plan> plans = new HashSet<>();
        private int compiled;

        @Override
        public Backend.Workspace allocate(List<Tensor> state) {
            Backend.Workspace workspace = loaded.allocate(state);
            return new Backend.Workspace() {
                @Override
                public void write(Tensor tensor, long element, MemorySegment values) {
                    workspace.write(tensor, element, values);
                }

                @Override
                public Backend.Executable compile(Plan plan) {
                    plans.add(plan);
                    compiled++;
                    return workspace.compile(plan);
                }

                @Override
                public void close() {
                    workspace.close();
                }
            };
        }

        @Override
        public void close() {}
    }

    /** A GPU in software has time for fewer. */
    int sweep() {
        return 1000;
    }

    @Test
    void aSweepOfAThousandValuesRunsOnePlan() {
        var counting = new Counting();
        var seen = new HashSet<List<Float>>();
        int count = TOKENS.length;
        try (Session session = session(counting, 1)) {
            for (int i = 0; i < sweep(); i++) {
                float[] vector = random(i / 10, CONFIG.width());
                Hooks hooks = Hooks.edit(MID, Edit.add(vector, 0.1f + i * 0.01f).between(i % count, count));
                session.reset(0);
                float[] logits = allLogits(session, rows(0, 0, count), hooks);
                if (i % 99 == 0) {
                    assertArrayEquals(logits(hooks), logits, "as in a session of its own");
                }
                seen.add(IntStream.range(0, logits.length)
                        .mapToObj(l -> logits[l])
                        .toList());
            }
        }
        assertEquals(1, counting.compiled);
        assertEquals(sweep(), seen.size(), "every edit has its own result");
    }

    @Test
    void aSweepOverSlotsPositionsHeadsAndPointsRunsOnePlan() {
        var counting = new Counting();
        List<Site> sites = List.of(Site.RESID_PRE, Site.ATTN_OUT, Site.Z);
        float[] clean = random(1, TOKENS.length * CONFIG.width());
        Edit.OnMachine patch = Edit.replace(clean, TOKENS.length);
        int cells = 2 * sites.size() * TOKENS.length;
        try (Session session = session(counting, 2)) {
            for (int cell = 0; cell < cells; cell += 2) {
                for (int slot = 0; slot < 2; slot++) {
                    session.reset(slot);
                    session.edit(slot, patched(cell + slot, sites, patch));
                }
                float[] both = allLogits(session, twice(rows(0, 0, TOKENS.length)), Hooks.NONE);
                for (int slot = 0; cell % 8 == 0 && slot < 2; slot++) {
                    float[] alone = logits(Hooks.edit(patched(cell + slot, sites, patch)));
                    int from = slot * alone.length;
                    assertArrayEquals(alone, Arrays.copyOfRange(both, from, from + alone.length));
                }
            }
        }
        assertEquals(1, counting.compiled);
    }

    /** The same lanes for every cell, of which one changes something. */
    private static Edits patched(int cell, List<Site> sites, Edit.OnMachine patch) {
        Edits edits = Edits.NONE;
        for (int layer = 0; layer < 2; layer++) {
            for (int s = 0; s < sites.size(); s++) {
                boolean isHere = cell / TOKENS.length == layer * sites.size() + s;
                Span span = isHere ? Span.at(cell % TOKENS.length) : Span.NEVER;
                Edit.OnMachine edit = sites.get(s).hasHeads() ? patch.onHeads(cell % CONFIG.heads()) : patch;
                edits = edits.and(HookPoint.of(layer, sites.get(s)), edit.at(span));
            }
        }
        return edits;
    }

    /** The same rows in two slots. */
    private static Rows twice(Rows rows) {
        int count = rows.count();
        return new Rows(
                IntStream.range(0, 2 * count).map(r -> r / count).toArray(),
                IntStream.range(0, 2 * count)
                        .map(r -> rows.positions()[r % count])
                        .toArray(),
                IntStream.range(0, 2 * count).map(r -> rows.tokens()[r % count]).toArray(),
                IntStream.range(0, 2 * count).toArray());
    }

    @Test
    void anotherFunctionInItsPlaceRunsTheSamePlan() {
        var counting = new Counting();
        try (Session session = session(counting, 1)) {
            var seen = new HashSet<Float>();
            for (int i = 0; i < 5; i++) {
                float value = i;
                session.reset(0);
                session.edit(0, Edits.of(MID, new Edit.OnHost((point, rows, values, columns) -> values[0] = value)));
                seen.add(allLogits(session, rows(0, 0, 2), Hooks.NONE)[0]);
            }
            assertEquals(5, seen.size());
        }
        assertEquals(1, counting.compiled);
    }

    @Test
    void operandsOfNearlyAsManyRowsShareAPlan() {
        var counting = new Counting();
        try (Session session = session(counting, 1)) {
            for (int count = 5; count <= 8; count++) {
                Hooks hooks = Hooks.edit(MID, Edit.replace(random(count, count * CONFIG.width()), count));
                session.reset(0);
                assertArrayEquals(logits(hooks), allLogits(session, rows(0, 0, TOKENS.length), hooks));
            }
        }
        assertEquals(1, counting.compiled);
    }

    @Test
    void aSlotKeepsItsEditsUntilTheyAreTakenBack() {
        float[] plain = logits(Hooks.NONE);
        Edits edits = Edits.of(MID, Edit.scale(2));
        float[] edited = logits(Hooks.edit(edits));
        try (Session session = session(loaded, 1)) {
            Rows rows = rows(0, 0, TOKENS.length);
            session.edit(0, edits);
            assertArrayEquals(edited, allLogits(session, rows, Hooks.NONE));
            session.reset(0);
            assertArrayEquals(edited, allLogits(session, rows, Hooks.NONE), "a reset forgets rows, not edits");
            session.reset(0);
            float[] both = allLogits(session, rows, Hooks.edit(MID, Edit.fill(1)));
            session.reset(0);
            session.edit(0, Edits.NONE);
            assertArrayEquals(plain, allLogits(session, rows, Hooks.NONE));
            session.reset(0);
            assertArrayEquals(both, allLogits(session, rows, Hooks.edit(MID, Edit.fill(2))), "a step's come first");
        }
    }

    @Test
    void aStepWhoseFunctionThrewHasNotHappenedAndCanBeRetried() {
        Edits scaled = Edits.of(HookPoint.of(0, Site.PATTERN), Edit.scale(0.5f));
        var failing = new Edit.OnHost((point, rows, values, columns) -> {
            throw new IllegalStateException("not today");
        });
        float[] expected = logits(Hooks.edit(scaled));
        try (Session session = session(loaded, 1)) {
            Rows rows = rows(0, 0, TOKENS.length);
            session.edit(0, scaled.and(HookPoint.of(1, Site.Z), failing));
            var e = assertThrows(IllegalStateException.class, () -> session.step(rows, Hooks.NONE));
            assertEquals("not today", e.getMessage());
            assertEquals(0, session.length(0));
            assertEquals(0, session.forwardRows());
            session.edit(0, scaled);
            assertArrayEquals(expected, allLogits(session, rows, Hooks.NONE));
        }
    }

    @Test
    void editsOfAnotherShapeAtThePointFollowOneAnother() {
        var counting = new Counting();
        List<Edit.OnMachine> edits = List.of(
                Edit.replace(random(1, 3 * CONFIG.width()), 3),
                Edit.add(random(2, CONFIG.width()), 2),
                Edit.zero(),
                Edit.replace(random(3, 2 * CONFIG.width()), 2),
                Edit.projectOut(random(4, CONFIG.width())),
                Edit.replace(random(5, 3 * CONFIG.width()), 3));
        try (Session session = session(counting, 1)) {
            for (Edit.OnMachine edit : edits) {
                session.reset(0);
                Hooks hooks = Hooks.edit(MID, edit);
                assertArrayEquals(logits(hooks), allLogits(session, rows(0, 0, TOKENS.length), hooks));
            }
            session.reset(0);
            assertArrayEquals(logits(Hooks.NONE), allLogits(session, rows(0, 0, TOKENS.length), Hooks.NONE));
        }
        assertEquals(6, counting.compiled, "two replacements of three rows share a plan");
        assertEquals(6, counting.plans.size());
    }

    private Hooks someEdits(long seed) {
        var random = new Random(seed);
        Hooks hooks = Hooks.NONE;
        for (Site site : EDITABLE) {
            HookPoint point = HookPoint.of(random.nextInt(CONFIG.layers()), site);
            int columns = CONFIG.dimensions().columns(site, CONFIG.context());
            Edit.OnMachine edit =
                    switch (random.nextInt(4)) {
                        case 0 -> Edit.add(random(seed, columns), 0.3f);
                        case 1 -> Edit.scale(0.7f);
                        case 2 -> Edit.replace(random(seed, 4 * columns), 4);
                        default ->
                            site.form() == Site.Form.SQUARE ? Edit.fill(0.1f) : Edit.projectOut(random(seed, columns));
                    };
            Edit.OnMachine some = edit.between(random.nextInt(3), 5);
            Edit.OnMachine ofHeads = site.hasHeads() && random.nextBoolean() ? some.onHeads(1) : some;
            hooks = random.nextBoolean() ? hooks.withEdit(point, ofHeads) : hooks;
        }
        return hooks;
    }

    @Test
    void cachedDecodeIsFullForwardWithEditsToo() {
        for (int seed = 0; seed < 12; seed++) {
            Hooks hooks = someEdits(seed);
            float[] whole = logits(hooks);
            try (Session session = session(loaded, 1)) {
                for (int p = 0; p < TOKENS.length; p++) {
                    float[] row = allLogits(session, rows(0, p, p + 1), hooks);
                    int from = p * CONFIG.vocabulary();
                    assertArrayEquals(Arrays.copyOfRange(whole, from, from + CONFIG.vocabulary()), row);
                }
            }
        }
    }

    @Test
    void rowsBeforeTheFirstPositionKeepTheirBits() {
        Hooks hooks = Hooks.edit(MID, Edit.replace(random(1, CONFIG.width()), 1).between(3, Integer.MAX_VALUE));
        float[] plain = logits(Hooks.NONE);
        float[] edited = logits(hooks);
        assertEquals(3, Arrays.mismatch(plain, edited) / CONFIG.vocabulary());
    }

    @Test
    void aTapSeesTheEditedValueAndWhatFollowsItToo() {
        float[] row = random(1, CONFIG.width());
        HookPoint after = HookPoint.of(0, Site.LN2_NORMALIZED);
        try (Session session = session(loaded, 1)) {
            var result = session.step(
                    rows(0, 0, TOKENS.length),
                    Hooks.tap(List.of(MID, after))
                            .withEdit(MID, Edit.replace(row, 1).between(2, 3)));
            float[] mid = floats(result.tapped(MID));
            float[] normalized = floats(result.tapped(after));
            assertArrayEquals(row, Arrays.copyOfRange(mid, 24, 36));
            double mean =
                    IntStream.range(0, 12).mapToDouble(i -> row[i]).average().orElseThrow();
            double variance = IntStream.range(0, 12)
                    .mapToDouble(i -> (row[i] - mean) * (row[i] - mean))
                    .average()
                    .orElseThrow();
            for (int i = 0; i < 12; i++) {
                assertEquals((row[i] - mean) / Math.sqrt(variance + 1e-5), normalized[24 + i], 1e-5);
            }
        }
    }

    @Test
    void anEditOnTheMachineHasTheBitsOfTheSameEditInJava() {
        float[] vector = random(8, CONFIG.width());
        var host = new Edit.OnHost((point, rows, values, columns) -> {
            for (int i = 0; i < values.length; i++) {
                values[i] = Math.fma(1.5f, vector[i % columns], values[i]);
            }
        });
        assertArrayEquals(logits(Hooks.edit(MID, host)), logits(Hooks.edit(MID, Edit.add(vector, 1.5f))));
    }

    @Test
    void blocksWhoseBranchesAreZeroedLeaveTheStreamUntouched() {
        var points = new ArrayList<HookPoint>();
        Hooks hooks = Hooks.NONE;
        for (int layer = 0; layer < CONFIG.layers(); layer++) {
            hooks = hooks.withEdit(HookPoint.of(layer, Site.ATTN_OUT), Edit.zero())
                    .withEdit(HookPoint.of(layer, Site.MLP_OUT), Edit.zero());
            points.add(HookPoint.of(layer, Site.RESID_PRE));
            points.add(HookPoint.of(layer, Site.RESID_MID));
            points.add(HookPoint.of(layer, Site.RESID_POST));
        }
        try (Session session = session(loaded, 1)) {
            var result =
                    session.step(rows(0, 0, TOKENS.length), Hooks.tap(points).withEdits(hooks.edits()));
            int[] entering = bits(floats(result.tapped(points.getFirst())));
            for (HookPoint point : points) {
                assertArrayEquals(entering, bits(floats(result.tapped(point))), point.name());
            }
        }
    }

    /** The bits, but of -0 those of 0: what is added to it is 0, and -0 + 0 = 0. */
    private static int[] bits(float[] values) {
        return IntStream.range(0, values.length)
                .map(i -> Float.floatToRawIntBits(values[i] + 0f))
                .toArray();
    }

    @Test
    void aSlotBesideAnotherIsEditedAsAlone() {
        Hooks hooks = someEdits(3);
        float[] alone = logits(hooks);
        try (Session session = session(loaded, 2)) {
            int count = TOKENS.length;
            int[] slots = IntStream.range(0, 2 * count).map(r -> 1 - r / count).toArray();
            int[] positions = IntStream.range(0, 2 * count).map(r -> r % count).toArray();
            int[] tokens = IntStream.range(0, 2 * count)
                    .map(r -> r < count ? 1 : TOKENS[r % count])
                    .toArray();
            var rows = new Rows(
                    slots, positions, tokens, IntStream.range(0, 2 * count).toArray());
            float[] both = allLogits(session, rows, hooks);
            assertArrayEquals(alone, Arrays.copyOfRange(both, alone.length, 2 * alone.length));
        }
    }

    @Test
    void anEditOfTheLogitsDecidesWhichTokenIsChosen() {
        float[] vector = new float[CONFIG.vocabulary()];
        vector[17] = 1000;
        Hooks hooks =
                Hooks.edit(HookPoint.of(Site.UNEMBED_OUT), Edit.add(vector, 1).between(6, 8));
        try (Session session = session(loaded, 1)) {
            var all = rows(0, 0, TOKENS.length);
            var last = new Rows(all.slots(), all.positions(), all.tokens(), new int[] {6});
            assertEquals(17, session.choose(last, hooks).token(0));
        }
    }

    @Test
    void whatDoesNotFitIsRefusedByNameAndChangesNothing() {
        HookPoint unread = HookPoint.of(0, Site.RESULT);
        try (Session session = session(loaded, 1)) {
            Rows rows = rows(0, 0, 3);
            assertRefused(
                    "edit at blocks.0.hook_resid_mid: expected rows of 12 values, got 5",
                    () -> session.step(rows, Hooks.edit(MID, Edit.add(new float[] {1, 2, 3, 4, 5}, 1))));
            assertRefused(
                    "edit at blocks.0.attn.hook_result: nothing in the forward pass reads this value",
                    () -> session.step(rows, Hooks.edit(unread, Edit.zero())));
            assertRefused(
                    "edit at blocks.0.hook_resid_mid: expected positions counted from 0, got -1 of a prompt",
                    () -> session.step(rows, Hooks.edit(MID, Edit.zero().at(Span.at(-1)))));
            assertEquals(0, session.length(0));
            float[] plain = allLogits(session, rows, Hooks.NONE);
            assertArrayEquals(Arrays.copyOf(logits(Hooks.NONE), plain.length), plain);
        }
    }

    private static void assertRefused(String begin, Supplier<?> action) {
        var e = assertThrows(IllegalArgumentException.class, action::get);
        assertTrue(e.getMessage().startsWith(begin), e.getMessage());
        assertFalse(e.getMessage().contains("\n"));
    }

    /** A plan knows neither the values nor the heads of an edit, so one that was made for others does not refuse them. */
    @Test
    void whatDoesNotFitIsRefusedThoughAPlanIsThere() {
        HookPoint z = HookPoint.of(0, Site.Z);
        int width = CONFIG.width();
        Edit.OnMachine fits = Edit.add(random(1, width), 1);
        try (Session session = session(loaded, 2)) {
            session.edit(0, Edits.of(MID, fits).and(z, Edit.zero().onHeads(0)));
            session.step(rows(0, 0, 3), Hooks.NONE);
            for (Edits unfit : List.of(
                    Edits.of(MID, Edit.add(random(1, width / 2), 1))
                            .and(z, Edit.zero().onHeads(0)),
                    Edits.of(MID, fits).and(z, Edit.zero().onHeads(CONFIG.heads())),
                    Edits.of(MID, fits.onHeads(0)).and(z, Edit.zero().onHeads(0)))) {
                for (int slot = 0; slot < 2; slot++) {
                    session.edit(0, Edits.of(MID, fits).and(z, Edit.zero().onHeads(0)));
                    session.edit(1, Edits.NONE);
                    session.edit(slot, unfit);
                    session.reset(0);
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> session.step(rows(0, 0, 3), Hooks.NONE),
                            "slot " + slot + ": " + unfit);
                }
            }
        }
    }
}
