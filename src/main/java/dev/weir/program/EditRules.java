package dev.weir.program;

import dev.weir.hook.Edit;
import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import java.util.List;

/** What an edit must be to be made at a point. One that silently does something else is as bad as one that does nothing. */
public final class EditRules {

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
                requireFits(hook.point(), arithmetic, hook.x().columns(), hook.heads());
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

    /**
     * Refuses an edit whose values or heads are not those of a point. A plan does not know them, so whoever gives an edit to a plan
     * that was made for another asks here.
     *
     * @param columns of the point
     * @param heads that the columns are, see {@link Op.Hook}
     * @throws IllegalArgumentException by the point's name
     */
    public static void requireFits(HookPoint point, Edit.OnMachine edit, int columns, int heads) {
        requireColumns(point, edit, columns, heads);
        requireHeads(point, edit.heads(), heads);
    }

    private static void requireColumns(HookPoint point, Edit.OnMachine edit, int columns, int heads) {
        boolean projects = edit.arithmetic() == Edit.Arithmetic.PROJECT_OUT;
        boolean isSquare = point.site().form() == Site.Form.SQUARE;
        if (projects && isSquare) {
            throw refused(point, "a row has as many values as there are keys, so there is no direction to project out");
        }
        edit.operand().ifPresent(operand -> {
            int given = operand.columns();
            boolean fits = isSquare ? given % heads == 0 : given == columns;
            if (!fits && (given > 1 || projects)) {
                String expected =
                        isSquare ? "of as many keys for each of " + heads + " heads" : "of " + columns + " values";
                throw refused(point, "expected rows " + expected + ", got " + given);
            }
        });
    }

    private static void requireHeads(HookPoint point, Heads edited, int heads) {
        if (!edited.areSome()) {
            return;
        }
        if (!point.site().hasHeads()) {
            throw refused(point, "expected no heads, for it has none, got heads " + edited);
        }
        if (heads > Heads.MAX) {
            throw refused(
                    point, "heads can be told apart where there are at most " + Heads.MAX + ", here are " + heads);
        }
        if (edited.bits() == 0 || edited.limit() > heads) {
            throw refused(
                    point,
                    "expected heads from 0 to " + (heads - 1) + ", got " + (edited.bits() == 0 ? "none" : edited));
        }
    }

    private static IllegalArgumentException refused(HookPoint point, String why) {
        return new IllegalArgumentException("edit at " + point + ": " + why);
    }
}
