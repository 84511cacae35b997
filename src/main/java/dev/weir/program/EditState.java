package dev.weir.program;

import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Where a machine keeps the values of an edit. They are state, so a plan knows no more of an edit than this record says: edits of one
 * shape at one point have equal states, and share a plan.
 *
 * @param operand float32 [P, columns of the point]; position p takes row min(p, P - 1)
 * @param controls int32 [slots, {@value #WORDS}], see {@link #words}; zeros change nothing
 */
public record EditState(Edit.Arithmetic arithmetic, Optional<Tensor> operand, Tensor controls) {

    /** Words of a slot in the controls. */
    public static final int WORDS = 3;

    private static final int FIRST_ID = 1 << 18; // above the state of a session, below the values of a program
    private static final List<Site> SITES = List.of(Site.values());

    /** The state of an edit at a point of a session with so many slots. */
    public static EditState of(HookPoint point, Edit.OnMachine edit, int slots) {
        int id = FIRST_ID + 2 * ((point.layer() + 1) * SITES.size() + SITES.indexOf(point.site()));
        String prefix = "edits." + point.name();
        return new EditState(
                edit.arithmetic(),
                edit.operand().map(o -> state(id, prefix + ".operand", DType.FLOAT32, o.rows(), o.columns())),
                state(id + 1, prefix + ".controls", DType.INT32, slots, WORDS));
    }

    private static Tensor state(int id, String name, DType type, int rows, int columns) {
        return new Tensor(id, name, type, rows, columns, Tensor.Role.STATE);
    }

    /** A row of the controls: the strength as float32 bits, the first position that is changed, and the one after the last. */
    public static int[] words(Edit.OnMachine edit) {
        return new int[] {Float.floatToRawIntBits(edit.strength()), edit.from(), edit.to()};
    }

    /** The op that makes {@code out} of {@code x}. */
    Op.Edited op(Tensor out, Tensor x, Inputs inputs) {
        Tensor slots = inputs.slots();
        Tensor positions = inputs.positions();
        return switch (arithmetic) {
            case ADD -> new Op.AddVector(out, x, operand.orElseThrow(), controls, slots, positions);
            case SCALE -> new Op.Scale(out, x, controls, slots, positions);
            case REPLACE -> new Op.ReplaceRows(out, x, operand.orElseThrow(), controls, slots, positions);
            case PROJECT_OUT -> new Op.ProjectOut(out, x, operand.orElseThrow(), controls, slots, positions);
        };
    }
}
