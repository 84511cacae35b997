package dev.weir.program;

import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Attention whose scores or pattern are edited, in parts: what an edit changes must be a value between two ops. Where nobody edits them
 * attention stays whole.
 */
final class OpenedAttention {

    private OpenedAttention() {}

    /** The ops of a program, so far opened as its edits need it. */
    static List<Op.Plain> open(List<Op.Plain> ops, Edits edits) {
        List<Op.Plain> opened = ops;
        for (HookPoint point : edits.points()) {
            if (point.site().form() == Site.Form.SQUARE) {
                opened = open(opened, point);
            }
        }
        return opened;
    }

    /** Opens the attention that a point is inside of, if it is not open already. */
    private static List<Op.Plain> open(List<Op.Plain> ops, HookPoint point) {
        for (Op.Plain op : ops) {
            if (op instanceof Op.Attention attention
                    && Stream.of(attention.scores(), attention.pattern())
                            .anyMatch(shown -> hookOn(ops, shown).point().equals(point))) {
                return open(ops, attention);
            }
        }
        return ops;
    }

    private static Op.Hook hookOn(List<Op.Plain> ops, Tensor shown) {
        return ops.stream()
                .filter(Op.Hook.class::isInstance)
                .map(Op.Hook.class::cast)
                .filter(hook -> hook.x().equals(shown))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "attention: expected a hook on " + shown + " to be edited at, got a program without one"));
    }

    /** Each part stands behind the point that shows what it reads. */
    private static List<Op.Plain> open(List<Op.Plain> ops, Op.Attention a) {
        Op.Hook scores = hookOn(ops, a.scores());
        Op.Hook pattern = hookOn(ops, a.pattern());
        var opened = new ArrayList<Op.Plain>();
        for (Op.Plain op : ops) {
            opened.add(op.equals(a) ? scores(a) : op);
            if (op.equals(scores)) {
                opened.add(new Op.AttentionPattern(a.pattern(), scores.out(), a.positions(), a.heads()));
            }
            if (op.equals(pattern)) {
                opened.add(new Op.AttentionMix(
                        a.z(), pattern.out(), a.values(), a.slots(), a.positions(), a.pages(), a.heads()));
            }
        }
        return opened;
    }

    private static Op.AttentionScores scores(Op.Attention a) {
        return new Op.AttentionScores(
                a.scores(), a.q(), a.keys(), a.slots(), a.positions(), a.pages(), a.heads(), a.scale());
    }
}
