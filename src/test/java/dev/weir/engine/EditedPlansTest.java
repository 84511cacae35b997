package dev.weir.engine;

import static dev.weir.engine.SmallModel.CONFIG;
import static dev.weir.engine.SmallModel.MID;
import static dev.weir.engine.SmallModel.TOKENS;
import static dev.weir.engine.SmallModel.allLogits;
import static dev.weir.engine.SmallModel.random;
import static dev.weir.engine.SmallModel.rows;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.backend.Backend;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.program.Plan;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which edits share a plan, on the CPU; {@link EditedPlansOnCudaTest} runs the same on a GPU. */
class EditedPlansTest {

    private SmallModel model;

    Backend machine() {
        return new CpuBackend(2);
    }

    /** A GPU in software has time for fewer. */
    int sweep() {
        return 1000;
    }

    @BeforeEach
    void open() {
        model = new SmallModel(machine());
    }

    @AfterEach
    void close() {
        model.close();
    }

    /** Counts the plans that are made ready. */
    private final class Counting implements Backend.LoadedWeights {
        private final Set<Plan> plans = new HashSet<>();
        private int compiled;

        @Override
        public Backend.Workspace allocate(List<Tensor> state) {
            Backend.Workspace workspace = model.loaded().allocate(state);
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

    @Test
    void aSweepOfAThousandValuesRunsOnePlan() {
        var counting = new Counting();
        var seen = new HashSet<List<Float>>();
        int count = TOKENS.length;
        try (Session session = model.session(counting, 1)) {
            for (int i = 0; i < sweep(); i++) {
                float[] vector = random(i / 10, CONFIG.width());
                Hooks hooks = Hooks.edit(MID, Edit.add(vector, 0.1f + i * 0.01f).between(i % count, count));
                session.reset(0);
                float[] logits = allLogits(session, rows(0, 0, count), hooks);
                if (i % 99 == 0) {
                    assertArrayEquals(model.logits(hooks), logits, "as in a session of its own");
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
        try (Session session = model.session(counting, 2)) {
            for (int cell = 0; cell < cells; cell += 2) {
                for (int slot = 0; slot < 2; slot++) {
                    session.reset(slot);
                    session.edit(slot, patched(cell + slot, sites, patch));
                }
                float[] both = allLogits(session, twice(rows(0, 0, TOKENS.length)), Hooks.NONE);
                for (int slot = 0; cell % 8 == 0 && slot < 2; slot++) {
                    float[] alone = model.logits(Hooks.edit(patched(cell + slot, sites, patch)));
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
        try (Session session = model.session(counting, 1)) {
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
        try (Session session = model.session(counting, 1)) {
            for (int count = 5; count <= 8; count++) {
                Hooks hooks = Hooks.edit(MID, Edit.replace(random(count, count * CONFIG.width()), count));
                session.reset(0);
                assertArrayEquals(model.logits(hooks), allLogits(session, rows(0, 0, TOKENS.length), hooks));
            }
        }
        assertEquals(1, counting.compiled);
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
        try (Session session = model.session(counting, 1)) {
            for (Edit.OnMachine edit : edits) {
                session.reset(0);
                Hooks hooks = Hooks.edit(MID, edit);
                assertArrayEquals(model.logits(hooks), allLogits(session, rows(0, 0, TOKENS.length), hooks));
            }
            session.reset(0);
            assertArrayEquals(model.logits(Hooks.NONE), allLogits(session, rows(0, 0, TOKENS.length), Hooks.NONE));
        }
        assertEquals(6, counting.compiled, "two replacements of three rows share a plan");
        assertEquals(6, counting.plans.size());
    }
}
