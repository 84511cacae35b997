package dev.weir.hook;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What was seen: for each point a float32 tensor of full shape, as {@code docs/hooks.md} lists them. Rows that a shorter sequence
 * of a batch does not have are NaN, and their tokens -1.
 *
 * @param layout points, shapes, positions
 * @param lengths positions of each sequence
 * @param tokens [B][P] token ids
 * @param values the tensors
 */
public record Trace(TraceLayout layout, List<Integer> lengths, int[][] tokens, SortedMap<HookPoint, Values> values) {

    public Trace {
        lengths = List.copyOf(lengths);
        values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    /**
     * One tensor.
     *
     * @param shape row-major
     * @param data float32
     */
    public record Values(List<Integer> shape, float[] data) {
        public Values {
            shape = List.copyOf(shape);
            long elements = shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
            if (elements != data.length) {
                throw new IllegalArgumentException(
                        "values of shape " + shape + ": expected " + elements + " elements, got " + data.length);
            }
        }

        /** The element at these indices, one for each axis. */
        public float at(int... index) {
            return data[Math.toIntExact(offset(index))];
        }

        /** A copy of the innermost axis at these indices, one for each axis but the last. */
        public float[] row(int... index) {
            int width = shape.getLast();
            int from = Math.toIntExact(offset(index) * width);
            return Arrays.copyOfRange(data, from, from + width);
        }

        private long offset(int... index) {
            long offset = 0;
            for (int axis = 0; axis < index.length; axis++) {
                offset = offset * shape.get(axis) + Objects.checkIndex(index[axis], shape.get(axis));
            }
            return offset;
        }
    }

    /** The points that were seen, in forward order. */
    public Set<HookPoint> points() {
        return values.keySet();
    }

    /**
     * What was seen at a point.
     *
     * @throws IllegalArgumentException when the trace does not hold the point
     */
    public Values get(HookPoint point) {
        Values found = values.get(point);
        if (found == null) {
            throw new IllegalArgumentException(
                    "hook point " + point + ": not in this trace, which holds " + values.size() + " others");
        }
        return found;
    }

    /** What was seen at the point of this full name. */
    public Values get(String name) {
        return get(HookPoint.named(name));
    }
}
