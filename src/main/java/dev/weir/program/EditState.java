package dev.weir.program;

import dev.weir.hook.Edit;
import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Where a machine keeps the values of an edit. They are state, so a plan knows no more of an edit than this record says: edits of one
 * shape at one point have equal states, and share a plan.
 *
 * @param operand float32 [P, columns of the point], P a power of two; position p takes row min(p, P - 1)
 * @param controls int32 [slots, {@value #WORDS}], see {@link #words}; zeros change nothing
 * @param heads that the columns are, one after another; 1 where they are not heads
 */
public record EditState(Edit.Arithmetic arithmetic, Optional<Tensor> operand, Tensor controls, int heads) {

    /** Words of a slot in the controls. */
    public static final int WORDS = 5;

    /** The most edits at one point. */
    public static final int MAX_LANES = 1 << 10;

    private static final int FIRST_ID = 1 << 24; // above the values of a program
    private static final List<Site> SITES = List.of(Site.values());

    /**
     * The state of an edit.
     *
     * @param lane which of the edits at the point, from 0
     * @param columns of the point
     * @param heads of the point, see {@link Op.Hook}
     * @param slots of the session
     */
    public static EditState of(HookPoint point, int lane, Edit.OnMachine edit, int columns, int heads, int slots) {
        int place = (point.layer() + 1) * SITES.size() + SITES.indexOf(point.site());
        int id = FIRST_ID + 2 * (place * MAX_LANES + lane);
        String prefix = "edits." + point.name() + (lane == 0 ? "" : "." + lane);
        return new EditState(
                edit.arithmetic(),
                edit.operand().map(o -> state(id, prefix + ".operand", DType.FLOAT32, powerOfTwo(o.rows()), columns)),
                state(id + 1, prefix + ".controls", DType.INT32, slots, WORDS),
                heads);
    }

    private static Tensor state(int id, String name, DType type, int rows, int columns) {
        return new Tensor(id, name, type, rows, columns, Tensor.Role.STATE);
    }

    /** Operands of nearly as many rows are of one shape. */
    private static int powerOfTwo(int rows) {
        return rows == 1 ? 1 : Integer.highestOneBit(rows - 1) << 1;
    }

    /**
     * A row of the controls: the strength as float32 bits, the first position that is changed and the one after the last, and the
     * heads, the lower ones first.
     *
     * @throws IllegalArgumentException when the positions are those of a prompt's end
     */
    public static int[] words(Edit.OnMachine edit) {
        Span span = edit.span();
        if (span.ofPrompt()) {
            throw new IllegalArgumentException("edit positions " + span
                    + ": expected positions from 0 on, got some that are counted from the end of a prompt");
        }
        long heads = edit.heads().bits();
        return new int[] {
            Float.floatToRawIntBits(edit.strength()),
            span.from(),
            span.to(),
            (int) heads,
            (int) (heads >>> Integer.SIZE)
        };
    }

    /**
     * The values of an edit as the machine is to have them: rows after the last are the last, a row of one value is that value
     * everywhere, and the keys of a head that the edit does not have are 0.
     *
     * @return [P, columns], row-major
     */
    public float[] lay(Edit.Operand given) {
        Tensor to = operand.orElseThrow();
        var laid = new float[Math.multiplyExact(to.rows(), to.columns())];
        for (int row = 0; row < to.rows(); row++) {
            layRow(given, Math.min(row, given.rows() - 1), laid, row * to.columns());
        }
        return laid;
    }

    private void layRow(Edit.Operand given, int row, float[] to, int at) {
        int columns = operand.orElseThrow().columns();
        int from = row * given.columns();
        if (given.columns() == columns) {
            System.arraycopy(given.values(), from, to, at, columns);
        } else if (given.columns() == 1) {
            Arrays.fill(to, at, at + columns, given.values()[from]);
        } else {
            int keys = columns / heads;
            int givenKeys = given.columns() / heads;
            for (int head = 0; head < heads; head++) {
                int known = Math.min(keys, givenKeys);
                System.arraycopy(given.values(), from + head * givenKeys, to, at + head * keys, known);
            }
        }
    }

    /** The op that makes {@code out} of {@code x}. */
    Op.Edited op(Tensor out, Tensor x, Inputs inputs) {
        Tensor slots = inputs.slots();
        Tensor positions = inputs.positions();
        int groups = heads <= Heads.MAX ? heads : 1;
        return switch (arithmetic) {
            case ADD -> new Op.AddVector(out, x, operand.orElseThrow(), controls, slots, positions, groups);
            case SCALE -> new Op.Scale(out, x, controls, slots, positions, groups);
            case REPLACE -> new Op.ReplaceRows(out, x, operand.orElseThrow(), controls, slots, positions, groups);
            case PROJECT_OUT -> new Op.ProjectOut(out, x, operand.orElseThrow(), controls, slots, positions, groups);
        };
    }
}
