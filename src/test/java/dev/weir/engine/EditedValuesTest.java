package dev.weir.engine;

import static dev.weir.engine.SmallModel.CONFIG;
import static dev.weir.engine.SmallModel.MID;
import static dev.weir.engine.SmallModel.TOKENS;
import static dev.weir.engine.SmallModel.allLogits;
import static dev.weir.engine.SmallModel.floats;
import static dev.weir.engine.SmallModel.random;
import static dev.weir.engine.SmallModel.rows;
import static dev.weir.engine.SmallModel.someEdits;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.backend.Backend;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What edits make of the values of a step, on the CPU; {@link EditedValuesOnCudaTest} runs the same on a GPU. */
class EditedValuesTest {

    private SmallModel model;

    Backend machine() {
        return new CpuBackend(2);
    }

    @BeforeEach
    void open() {
        model = new SmallModel(machine());
    }

    @AfterEach
    void close() {
        model.close();
    }

    @Test
    void cachedDecodeIsFullForwardWithEditsToo() {
        for (int seed = 0; seed < 12; seed++) {
            Hooks hooks = someEdits(seed);
            float[] whole = model.logits(hooks);
            try (Session session = model.session(1)) {
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
        float[] plain = model.logits(Hooks.NONE);
        float[] edited = model.logits(hooks);
        assertEquals(3, Arrays.mismatch(plain, edited) / CONFIG.vocabulary());
    }

    @Test
    void aTapSeesTheEditedValueAndWhatFollowsItToo() {
        float[] row = random(1, CONFIG.width());
        HookPoint after = HookPoint.of(0, Site.LN2_NORMALIZED);
        try (Session session = model.session(1)) {
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
        assertArrayEquals(model.logits(Hooks.edit(MID, host)), model.logits(Hooks.edit(MID, Edit.add(vector, 1.5f))));
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
        try (Session session = model.session(1)) {
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
    void anEditOfTheLogitsDecidesWhichTokenIsChosen() {
        float[] vector = new float[CONFIG.vocabulary()];
        vector[17] = 1000;
        Hooks hooks =
                Hooks.edit(HookPoint.of(Site.UNEMBED_OUT), Edit.add(vector, 1).between(6, 8));
        try (Session session = model.session(1)) {
            var all = rows(0, 0, TOKENS.length);
            var last = new Rows(all.slots(), all.positions(), all.tokens(), new int[] {6});
            assertEquals(17, session.choose(last, hooks).token(0));
        }
    }
}
