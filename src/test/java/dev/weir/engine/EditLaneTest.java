package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class EditLaneTest {

    private static final HookPoint POINT = HookPoint.of(0, Site.RESID_MID);
    private static final HookPoint BEFORE = HookPoint.of(0, Site.ATTN_OUT);

    private static Edits edits(Edit... edits) {
        Edits all = Edits.NONE;
        for (Edit edit : edits) {
            all = all.and(POINT, edit);
        }
        return all;
    }

    @Test
    void slotsWhoseEditsDifferInStrengthPositionsOrHeadsShareALane() {
        Edit.OnMachine one = Edit.add(new float[] {1, 2}, 1);
        Edit.OnMachine other = Edit.add(new float[] {1, 2}, -3).at(Span.at(2)).onHeads(1);
        List<EditLane> lanes = EditLane.of(List.of(edits(one), Edits.NONE, edits(other)));
        assertEquals(
                List.of(new EditLane(POINT, 0, List.of(Optional.of(one), Optional.empty(), Optional.of(other)))),
                lanes);
    }

    @Test
    void slotsWithOtherValuesHaveLanesOfTheirOwn() {
        List<EditLane> lanes =
                EditLane.of(List.of(edits(Edit.add(new float[] {1, 2}, 1)), edits(Edit.add(new float[] {1, 3}, 1))));
        assertEquals(2, lanes.size());
        assertEquals(1, lanes.get(1).index());
    }

    @Test
    void functionsShareALane() {
        var one = new Edit.OnHost((point, rows, values, columns) -> {});
        var other = new Edit.OnHost((point, rows, values, columns) -> values[0] = 1);
        assertEquals(1, EditLane.of(List.of(edits(one), edits(other))).size());
    }

    @Test
    void anEditThatIsMadeTwiceIsMadeTwice() {
        Edit twice = Edit.scale(2);
        assertEquals(2, EditLane.of(List.of(edits(twice, twice), edits(twice))).size());
    }

    @Test
    void lanesAreInForwardOrder() {
        Edits edits = Edits.of(POINT, Edit.zero()).and(BEFORE, Edit.zero());
        assertEquals(
                List.of(BEFORE, POINT),
                EditLane.of(List.of(edits)).stream().map(EditLane::point).toList());
    }

    @Property(tries = 300)
    void everySlotFindsItsEditsInTheirOrder(@ForAll long seed) {
        var random = new Random(seed);
        var ofSlots = new ArrayList<Edits>();
        for (int slot = 0; slot < 4; slot++) {
            Edits some = Edits.NONE;
            for (int i = random.nextInt(6); i > 0; i--) {
                Edit.OnMachine edit = random.nextBoolean() ? Edit.fill(random.nextInt(2)) : Edit.scale(2);
                some = some.and(POINT, edit.withStrength(random.nextInt(9)));
            }
            ofSlots.add(some);
        }
        List<EditLane> lanes = EditLane.of(ofSlots);
        for (int slot = 0; slot < 4; slot++) {
            int its = slot;
            List<Edit> made = lanes.stream()
                    .map(lane -> lane.bySlot().get(its).orElse(null))
                    .filter(Objects::nonNull)
                    .toList();
            assertEquals(ofSlots.get(slot).at(POINT), made);
        }
        for (EditLane lane : lanes) {
            List<Edit.OnMachine> here = lane.bySlot().stream()
                    .flatMap(Optional::stream)
                    .map(Edit.OnMachine.class::cast)
                    .toList();
            assertTrue(here.stream()
                    .allMatch(e -> e.operand().equals(here.getFirst().operand())));
        }
    }
}
