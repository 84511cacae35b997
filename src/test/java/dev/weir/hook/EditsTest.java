package dev.weir.hook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class EditsTest {

    private static final HookPoint EARLY = HookPoint.of(0, Site.RESID_MID);
    private static final HookPoint LATE = HookPoint.of(1, Site.Z);

    @Test
    void editsKeepTheirOrderAndSeveralStandAtAPoint() {
        Edits edits = Edits.of(LATE, Edit.scale(2)).and(EARLY, Edit.zero()).and(LATE, Edit.fill(1));
        assertEquals(List.of(Edit.scale(2), Edit.fill(1)), edits.at(LATE));
        assertEquals(List.of(Edit.zero()), edits.at(EARLY));
        assertEquals(List.of(EARLY, LATE), List.copyOf(edits.points()), "in forward order");
        assertEquals(3, edits.all().size());
    }

    @Test
    void nothingAndSomethingIsSomething() {
        Edits some = Edits.of(EARLY, Edit.zero());
        assertSame(some, some.and(Edits.NONE));
        assertSame(some, Edits.NONE.and(some));
        assertTrue(Edits.NONE.isEmpty());
        assertFalse(some.isEmpty());
    }

    @Test
    void positionsAreResolvedForOnePrompt() {
        var host = new Edit.OnHost((point, rows, values, columns) -> {});
        Edits edits = Edits.of(EARLY, Edit.zero().at(Span.at(-1))).and(EARLY, host);
        assertEquals(Edits.of(EARLY, Edit.zero().at(Span.at(6))).and(EARLY, host), edits.within(7));
        var e = assertThrows(
                IllegalArgumentException.class,
                () -> Edits.of(LATE, Edit.zero().at(Span.at(-8))).within(7));
        assertEquals(
                "edit at blocks.1.attn.hook_z: edit position -8: expected from -7 on, for the prompt has 7 tokens",
                e.getMessage());
    }

    @Test
    void blocksAreEditedAtTheirBranchesAndSkips() {
        assertEquals(
                List.of(HookPoint.of(3, Site.ATTN_OUT), HookPoint.of(3, Site.MLP_OUT)),
                List.copyOf(Edits.skipBlock(3).points()));
        assertEquals(
                List.of(HookPoint.of(3, Site.ATTN_SKIP), HookPoint.of(3, Site.MLP_SKIP)),
                List.copyOf(Edits.plainBlock(3).points()));
        assertEquals(List.of(Edit.scale(0.5f)), Edits.scaleBlock(3, 0.5f).at(HookPoint.of(3, Site.MLP_OUT)));
        assertEquals(Edits.skipAttention(2).and(Edits.skipMlp(2)), Edits.skipBlock(2));
    }

    @Test
    void editsOfEqualValuesAreEqual() {
        assertEquals(Edit.add(new float[] {1, 2}, 3), Edit.add(new float[] {1, 2}, 3));
        assertEquals(
                Edit.add(new float[] {1, 2}, 3).hashCode(),
                Edit.add(new float[] {1, 2}, 3).hashCode());
        assertNotEquals(Edit.add(new float[] {1, 2}, 3), Edit.add(new float[] {1, 3}, 3));
        assertNotEquals(Edit.replace(new float[] {1, 2}, 1), Edit.replace(new float[] {1, 2}, 2));
        assertNotEquals(Edit.fill(0), Edit.fill(-0f));
    }

    @Test
    void headsAreNumberedFromZero() {
        Heads some = Heads.of(0, 3, 63);
        assertTrue(some.contains(3));
        assertFalse(some.contains(2));
        assertFalse(some.contains(64), "64 is not 0");
        assertTrue(Heads.ALL.contains(100));
        assertEquals("0+3+63", some.toString());
        assertEquals("all", Heads.ALL.toString());
        assertEquals(64, some.limit());
        assertEquals(0, Heads.of().limit());
        for (int none : new int[] {-1, 64}) {
            var e = assertThrows(IllegalArgumentException.class, () -> Heads.of(none));
            assertEquals("edit head: expected from 0 to 63, got " + none, e.getMessage());
        }
    }
}
