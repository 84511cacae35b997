package dev.weir.hook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.Edit.Arithmetic;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EditTest {

    private static final float[] VECTOR = {1, 2, 3};

    @Test
    void anEditIsForEveryPositionUntilItIsToldOtherwise() {
        Edit.OnMachine edit = Edit.add(VECTOR, 2);
        assertEquals(Span.ALL, edit.span());
        assertEquals(Heads.ALL, edit.heads());
        Edit.OnMachine some = edit.between(3, 5).withStrength(-1);
        assertEquals(new Edit.OnMachine(Arithmetic.ADD, edit.operand(), -1, new Span(3, 5, false), Heads.ALL), some);
    }

    @Test
    void theCallersArrayIsCopied() {
        float[] values = VECTOR.clone();
        Edit.Operand operand = new Edit.Operand(values, 1);
        values[0] = 9;
        assertArrayEquals(VECTOR, operand.values());
    }

    @Test
    void rowsAreCutEvenly() {
        Edit.Operand operand =
                Edit.replace(new float[] {1, 2, 3, 4, 5, 6}, 3).operand().orElseThrow();
        assertEquals(3, operand.rows());
        assertEquals(2, operand.columns());
    }

    @Test
    void aDirectionIsMadeOneLong() {
        float[] unit = Edit.projectOut(new float[] {3e-30f, 0, -4e-30f})
                .operand()
                .orElseThrow()
                .values();
        assertArrayEquals(new float[] {0.6f, 0, -0.8f}, unit);
    }

    @Test
    void scalingHasNoOperandAndZeroIsAScale() {
        assertTrue(Edit.scale(3).operand().isEmpty());
        assertEquals(Edit.scale(0), Edit.zero());
    }

    @Test
    void misuseIsRefusedInOneLine() {
        Optional<Edit.Operand> operand = Optional.of(new Edit.Operand(VECTOR, 1));
        assertRefused("no operand", () -> new Edit.OnMachine(Arithmetic.SCALE, operand, 1, Span.ALL, Heads.ALL));
        assertRefused("an operand", () -> new Edit.OnMachine(Arithmetic.ADD, Optional.empty(), 1, Span.ALL, Heads.ALL));
        assertRefused("finite number, got NaN", () -> Edit.scale(Float.NaN));
        assertRefused("finite number, got Infinity", () -> Edit.add(VECTOR, Float.POSITIVE_INFINITY));
        assertRefused("got from 3 to 2", () -> Edit.zero().between(3, 2));
        assertRefused("got from -1 to 2", () -> Edit.zero().between(-1, 2));
        assertRefused("got 3 values in 2 rows", () -> Edit.replace(VECTOR, 2));
        assertRefused("got 3 values in 0 rows", () -> Edit.replace(VECTOR, 0));
        assertRefused("got 0 values", () -> Edit.add(new float[0], 1));
        assertRefused("NaN in row 1, column 0", () -> Edit.replace(new float[] {1, 2, Float.NaN, 4}, 2));
        assertRefused("got length 0", () -> Edit.projectOut(new float[3]));
        assertRefused("got length Infinity", () -> Edit.projectOut(new float[] {Float.NEGATIVE_INFINITY}));
    }

    private static void assertRefused(String part, Runnable action) {
        var e = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }
}
