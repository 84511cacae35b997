package dev.weir.dump;

import dev.weir.hook.HookPoint;
import dev.weir.safetensors.SafetensorsFile.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/**
 * Two dumps of the same tokens, compared point by point in forward order up to the first point that leaves its bound: there the two
 * computations part, and what comes after follows from it.
 *
 * @param compared the points in both, as far as they were compared
 * @param beyond the last of them, if it left its bound
 * @param onlyInFirst points that the second dump lacks
 * @param onlyInSecond points that the first dump lacks
 */
public record DumpDiff(
        List<PointDifference> compared,
        Optional<PointDifference> beyond,
        SortedSet<HookPoint> onlyInFirst,
        SortedSet<HookPoint> onlyInSecond) {

    public DumpDiff {
        compared = List.copyOf(compared);
        onlyInFirst = Collections.unmodifiableSortedSet(new TreeSet<>(onlyInFirst));
        onlyInSecond = Collections.unmodifiableSortedSet(new TreeSet<>(onlyInSecond));
    }

    /**
     * Compares two dumps.
     *
     * @param bound the largest {@link PointDifference#relative} that a point may have
     * @throws IllegalArgumentException if their tokens differ, if a point has another shape, or if they have no point in common
     */
    public static DumpDiff of(Dump first, Dump second, ToDoubleFunction<HookPoint> bound) {
        requireSameTokens(first, second);
        var common = new TreeSet<>(first.points());
        common.retainAll(second.points());
        if (common.isEmpty()) {
            throw new IllegalArgumentException("diff: expected a hook point that is in both " + first.path() + " and "
                    + second.path() + ", got none");
        }
        var compared = new ArrayList<PointDifference>();
        Optional<PointDifference> beyond = Optional.empty();
        for (HookPoint point : common) {
            PointDifference difference = compare(point, first, second);
            compared.add(difference);
            boolean within = difference.maxAbsolute() < Double.POSITIVE_INFINITY
                    && difference.relative() <= bound.applyAsDouble(point);
            if (!within) {
                beyond = Optional.of(difference);
                break;
            }
        }
        return new DumpDiff(compared, beyond, without(first, common), without(second, common));
    }

    private static SortedSet<HookPoint> without(Dump dump, SortedSet<HookPoint> common) {
        var rest = new TreeSet<>(dump.points());
        rest.removeAll(common);
        return rest;
    }

    private static void requireSameTokens(Dump first, Dump second) {
        int[][] ours = first.tokens().orElse(new int[0][]);
        int[][] theirs = second.tokens().orElse(ours);
        if (ours.length == 0 || Arrays.deepEquals(ours, theirs)) {
            return;
        }
        throw new IllegalArgumentException("diff: expected two dumps of the same tokens, got " + described(ours, theirs)
                + " in " + first.path() + " and " + described(theirs, ours) + " in " + second.path());
    }

    /** The first sequence of {@code tokens} that the others do not have, from where it differs. */
    private static String described(int[][] tokens, int[][] others) {
        for (int s = 0; s < Math.min(tokens.length, others.length); s++) {
            int p = Arrays.mismatch(tokens[s], others[s]);
            if (p >= 0) {
                String token = p < tokens[s].length ? "token " + tokens[s][p] : "no token";
                return token + " at [" + s + ", " + p + "]";
            }
        }
        return tokens.length + " sequences";
    }

    private static PointDifference compare(HookPoint point, Dump first, Dump second) {
        Entry a = first.entry(point);
        Entry b = second.entry(point);
        if (!a.shape().equals(b.shape())) {
            throw new IllegalArgumentException("hook point " + point + ": expected one shape, got " + a.shape() + " in "
                    + first.path() + " and " + b.shape() + " in " + second.path());
        }
        var sums = new Sums();
        for (long i = 0; i < a.elements(); i++) {
            sums.add(i, at(a, i), at(b, i));
        }
        List<Integer> shape = a.shape().stream().map(Math::toIntExact).toList();
        boolean any = a.elements() > 0;
        return new PointDifference(
                point,
                shape,
                sums.maxAbsolute,
                sums.relative(),
                sums.cosine(),
                any ? index(sums.worst, shape) : List.of(),
                any ? at(a, sums.worst) : 0,
                any ? at(b, sums.worst) : 0);
    }

    private static float at(Entry entry, long element) {
        return entry.dtype().read(entry.data(), element * entry.dtype().bytes());
    }

    private static List<Integer> index(long element, List<Integer> shape) {
        var index = new ArrayList<Integer>();
        long rest = element;
        for (int extent : shape.reversed()) {
            index.addFirst((int) (rest % extent));
            rest /= extent;
        }
        return index;
    }

    /** What one walk over both tensors adds up, in float64. */
    private static final class Sums {
        private double maxAbsolute;
        private long worst;
        private double squaresA;
        private double squaresB;
        private double products;
        private double squaresOfDifference;

        void add(long element, float a, float b) {
            if (Float.isFinite(a) && Float.isFinite(b)) {
                double difference = (double) a - b;
                squaresA += (double) a * a;
                squaresB += (double) b * b;
                products += (double) a * b;
                squaresOfDifference += difference * difference;
                see(element, Math.abs(difference));
            } else if (Float.compare(a, b) != 0) {
                see(element, Double.POSITIVE_INFINITY);
            }
        }

        private void see(long element, double difference) {
            if (difference > maxAbsolute) {
                maxAbsolute = difference;
                worst = element;
            }
        }

        double relative() {
            return squaresOfDifference == 0 ? 0 : Math.sqrt(squaresOfDifference / squaresA);
        }

        double cosine() {
            return squaresA == 0 && squaresB == 0 ? 1 : products / Math.sqrt(squaresA * squaresB);
        }
    }
}
