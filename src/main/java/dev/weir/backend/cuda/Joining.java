package dev.weir.backend.cuda;

import dev.weir.backend.Logits;
import dev.weir.backend.cuda.Algorithms.Attending;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Joins neighbours to what one launch does, where few rows go through them in fast mode. A step of few rows is short of launches and
 * barriers, not of arithmetic: a block of GPT-2 is five. Every op keeps its order of operations, so no bit changes. It is
 * done where the plan's places allow it, and they mostly do: a value keeps its memory while the op behind its last reader runs.
 */
final class Joining {

    /** Shared memory that rows made before a product may take of a block. */
    private static final int MOST_MADE_BYTES = 64 << 10;

    private final Plan plan;
    private final Algorithms algorithms;
    private final boolean joins;
    private final Set<Tensor> logits;

    /**
     * For the ops of a plan.
     *
     * @param joins whether to join; a product stands alone otherwise, and so does every other op
     */
    Joining(Plan plan, Algorithms algorithms, boolean joins) {
        this.plan = plan;
        this.algorithms = algorithms;
        this.joins = joins;
        logits = Logits.of(plan);
    }

    /** The pieces of a stretch, in order. */
    List<Piece> join(List<Op> ops) {
        Deque<Op> rest = new ArrayDeque<>();
        ops.stream().flatMap(this::parts).forEach(rest::add);
        var pieces = new ArrayList<Piece>();
        while (!rest.isEmpty()) {
            pieces.add(next(rest, attentionBefore(pieces)));
        }
        return pieces;
    }

    /** What the planner has joined comes apart where other joints are better. */
    private Stream<Op> parts(Op op) {
        if (op instanceof Op.AddLayerNorm both && isFew(both.add().out())) {
            return Stream.of(both.add(), both.norm());
        }
        if (op instanceof Op.LinearActivate both && isByGemv(both.linear())) {
            return Stream.of(both.linear(), both.activate());
        }
        if (op instanceof Op.LinearGroup group && group.linears().stream().allMatch(this::isByGemv)) {
            return group.linears().stream().map(linear -> linear);
        }
        return Stream.of(op);
    }

    private static Optional<Op.Attention> attentionBefore(List<Piece> pieces) {
        return !pieces.isEmpty() && pieces.getLast() instanceof Piece.SplitAttention before
                ? Optional.of(before.op())
                : Optional.empty();
    }

    private Piece next(Deque<Op> rest, Optional<Op.Attention> attention) {
        Op op = rest.remove();
        if (op instanceof Op.Attention split && isSplit(split) && isMadeFor(split.z(), rest.peek())) {
            return new Piece.SplitAttention(split);
        }
        if (op instanceof Op.LayerNorm norm
                && isMadeFor(norm.out(), rest.peek())
                && rest.peek() instanceof Op.Linear first
                && isApart(norm.x(), first.out())) {
            rest.remove();
            return product(first, Optional.of(norm), Optional.of(norm.x()), Optional.empty(), rest);
        }
        if (op instanceof Op.Linear first && isByGemv(first)) {
            Optional<Tensor> read = attention.isPresent() ? Optional.empty() : Optional.of(first.x());
            return product(first, Optional.empty(), read, attention, rest);
        }
        return new Piece.Single(op);
    }

    /**
     * A product and what can be joined behind it.
     *
     * @param read what all blocks read, so that none may write to it
     */
    private Piece product(
            Op.Linear first,
            Optional<Op.LayerNorm> norm,
            Optional<Tensor> read,
            Optional<Op.Attention> attention,
            Deque<Op> rest) {
        Predicate<Tensor> mayWrite = value -> read.map(x -> isApart(x, value)).orElse(true);
        var linears = new ArrayList<>(List.of(first));
        while (linears.size() < LinearBinding.MOST_PARTS
                && rest.peek() instanceof Op.Linear linear
                && isAlike(first, linear)
                && mayWrite.test(linear.out())) {
            linears.add(linear);
            rest.remove();
        }
        Optional<Op.Activate> activate = Optional.empty();
        Optional<Op.Add> add = Optional.empty();
        if (linears.size() == 1) {
            activate = activate(first, mayWrite, rest);
            add = activate.isEmpty() ? add(first, mayWrite, rest) : add;
        }
        boolean isOver = activate.isPresent() || add.isPresent();
        return new Piece.Product(norm, attention, linears, activate, add, isOver ? List.of() : appends(linears, rest));
    }

    private static boolean isAlike(Op.Linear first, Op.Linear other) {
        return other.x().equals(first.x())
                && other.weight().columns() == first.weight().columns()
                && other.weight().type() == first.weight().type();
    }

    /** Not only of few rows: what the planner has joined has no place between. */
    private static Optional<Op.Activate> activate(Op.Linear linear, Predicate<Tensor> mayWrite, Deque<Op> rest) {
        if (rest.peek() instanceof Op.Activate activate
                && activate.x().equals(linear.out())
                && mayWrite.test(activate.out())) {
            rest.remove();
            return Optional.of(activate);
        }
        return Optional.empty();
    }

    private Optional<Op.Add> add(Op.Linear linear, Predicate<Tensor> mayWrite, Deque<Op> rest) {
        if (rest.peek() instanceof Op.Add add
                && isFew(add.out())
                && add.a().equals(linear.out()) != add.b().equals(linear.out())
                && mayWrite.test(add.out())) {
            rest.remove();
            return Optional.of(add);
        }
        return Optional.empty();
    }

    private List<Op.Append> appends(Collection<Op.Linear> linears, Deque<Op> rest) {
        var appends = new ArrayList<Op.Append>();
        while (rest.peek() instanceof Op.Append append
                && isFew(append.x())
                && linears.stream().anyMatch(linear -> linear.out().equals(append.x()))
                && appends.stream().noneMatch(other -> other.x().equals(append.x()))) {
            appends.add(append);
            rest.remove();
        }
        return appends;
    }

    /** Whether these are the rows of the product behind, and few and short enough to be made in shared memory. */
    private boolean isMadeFor(Tensor rows, @Nullable Op behind) {
        return behind instanceof Op.Linear linear
                && linear.x().equals(rows)
                && isByGemv(linear)
                && isFew(rows)
                && GemvBinding.madeFloats(rows) * Float.BYTES <= MOST_MADE_BYTES;
    }

    /** Whether two values lie in different memory. */
    private boolean isApart(Tensor one, Tensor other) {
        Optional<Plan.Place> a = plan.place(one);
        Optional<Plan.Place> b = plan.place(other);
        return a.isEmpty()
                || b.isEmpty()
                || a.get().slab() != b.get().slab()
                || a.get().offset() + one.bytes() <= b.get().offset()
                || b.get().offset() + other.bytes() <= a.get().offset();
    }

    private boolean isSplit(Op.Attention o) {
        return AttentionBinding.attending(o, algorithms) == Attending.DECODE
                && AttentionBinding.splits(o, algorithms) > 1;
    }

    private boolean isFew(Tensor rows) {
        return joins && rows.rows() <= Algorithms.FEW_ROWS;
    }

    private boolean isByGemv(Op.Linear linear) {
        return LinearBinding.product(linear, logits, algorithms) == Algorithms.Product.GEMV;
    }
}
