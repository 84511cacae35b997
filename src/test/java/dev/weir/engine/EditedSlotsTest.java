package dev.weir.engine;

import static dev.weir.engine.SmallModel.CONFIG;
import static dev.weir.engine.SmallModel.MID;
import static dev.weir.engine.SmallModel.TOKENS;
import static dev.weir.engine.SmallModel.allLogits;
import static dev.weir.engine.SmallModel.random;
import static dev.weir.engine.SmallModel.rows;
import static dev.weir.engine.SmallModel.someEdits;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.Backend;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** In whose rows edits are made, until when, and which are refused, on the CPU; {@link EditedSlotsOnCudaTest} runs the same on a GPU. */
class EditedSlotsTest {

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
    void aSlotKeepsItsEditsUntilTheyAreTakenBack() {
        float[] plain = model.logits(Hooks.NONE);
        Edits edits = Edits.of(MID, Edit.scale(2));
        float[] edited = model.logits(Hooks.edit(edits));
        try (Session session = model.session(1)) {
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
    void aSlotBesideAnotherIsEditedAsAlone() {
        Hooks hooks = someEdits(3);
        float[] alone = model.logits(hooks);
        try (Session session = model.session(2)) {
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
    void aStepWhoseFunctionThrewHasNotHappenedAndCanBeRetried() {
        Edits scaled = Edits.of(HookPoint.of(0, Site.PATTERN), Edit.scale(0.5f));
        var failing = new Edit.OnHost((point, rows, values, columns) -> {
            throw new IllegalStateException("not today");
        });
        float[] expected = model.logits(Hooks.edit(scaled));
        try (Session session = model.session(1)) {
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
    void whatDoesNotFitIsRefusedByNameAndChangesNothing() {
        HookPoint unread = HookPoint.of(0, Site.RESULT);
        try (Session session = model.session(1)) {
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
            assertArrayEquals(Arrays.copyOf(model.logits(Hooks.NONE), plain.length), plain);
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
        try (Session session = model.session(2)) {
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
