package dev.weir.program;

import dev.weir.hook.Edit;
import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import java.util.List;

/** What an edit must be to be made at a point. One that silently does something else is as bad as one that does nothing. */
final class EditRules {

    private EditRules() {}

    /**
     * Refuses edits that cannot be honoured, by name.
     *
     * @param rows of the step
     * @param isRead whether anything of the forward pass reads the value
     */
    static void require(Op.Hook hook, List<Edit> edits, int rows, boolean isRead) {
        if (!isRead) {
            throw refused(
                    hook.point(), "nothing in the forward pass reads this value, so an edit here would change nothing");
        }
        if (edits.size() > EditState.MAX_LANES) {
            throw refused(hook.point(), "expected at most " + EditState.MAX_LANES + " edits, got " + edits.size());
        }
        for (Edit edit : edits) {
            if (edit instanceof Edit.OnMachine arithmetic) {
                requireRows(hook, rows);
                requireColumns(hook, arithmetic);
                requireHeads(hook, arithmetic.heads());
            }
        }
    }

    private static void requireRows(Op.Hook hook, int rows) {
        if (hook.x().rows() != rows) {
            throw refused(
                    hook.point(),
                    "expected a value of all " + rows + " rows of a step, got "
                            + hook.x().rows());
        }
    }

    private static void requireColumns(Op.Hook hook, Edit.OnMachine edit) {
        boolean projects = edit.arithmetic() == Edit.Arithmetic.PROJECT_OUT;
        boolean isSquare = hook.point().site().form() == Site.Form.SQUARE;
        if (projects && isSquare) {
            throw refused(
                    hook.point(),
                    "a row has as many values as there are keys, so there is no direction to project out");
        }
        edit.operand().ifPresent(operand -> {
            int columns = operand.columns();
            boolean fits =
                    isSquare ? columns % hook.heads() == 0 : columns == hook.x().columns();
            if (!fits && (columns > 1 || projects)) {
                String expected = isSquare
                        ? "of as many keys for each of " + hook.heads() + " heads"
                        : "of " + hook.x().columns() + " values";
                throw refused(hook.point(), "expected rows " + expected + ", got " + columns);
            }
        });
    }

    private static void requireHeads(Op.Hook hook, Heads heads) {
        if (!heads.areSome()) {
            return;
        }
        if (!hook.point().site().hasHeads()) {
            throw refused(hook.point(), "expected no heads, for it has none, got heads " + heads);
        }
        if (hook.heads() > Heads.MAX) {
            throw refused(
                    hook.point(),
                    "heads can be told apart where there are at most " + Heads.MAX + ", here are " + hook.heads());
        }
        if (heads.bits() == 0 || heads.limit() > hook.heads()) {
            throw refused(
                    hook.point(),
                    "expected heads from 0 to " + (hook.heads() - 1) + ", got " + (heads.bits() == 0 ? "none" : heads));
        }
    }

    private static IllegalArgumentException refused(HookPoint point, String why) {
        return new IllegalArgumentException("edit at " + point + ": " + why);
    }
}
