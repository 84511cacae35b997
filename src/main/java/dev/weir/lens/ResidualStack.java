package dev.weir.lens;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Vectors of the stream's width side by side: what each component writes to the stream, or what the stream is at each station.
 *
 * @param labels of the components, as TransformerLens has them
 * @param positions of the tokens, ascending
 * @param width D
 * @param values [components, positions, D] row-major, in float64
 */
public record ResidualStack(List<String> labels, List<Integer> positions, int width, double[] values) {

    public ResidualStack {
        labels = List.copyOf(labels);
        positions = List.copyOf(positions);
        int expected = Math.multiplyExact(Math.multiplyExact(labels.size(), positions.size()), width);
        if (values.length != expected) {
            throw new IllegalArgumentException("stack of " + labels.size() + " components: expected " + expected
                    + " values, got " + values.length);
        }
    }

    /** How many components there are. */
    public int components() {
        return labels.size();
    }

    /** Where a component is. */
    public int component(String label) {
        int found = labels.indexOf(label);
        if (found < 0) {
            throw new IllegalArgumentException("component '" + label + "': expected one of " + labels);
        }
        return found;
    }

    /**
     * A copy of one vector.
     *
     * @param component from 0
     * @param position of the token in its sequence, one of {@link #positions}
     */
    public double[] at(int component, int position) {
        int index = positions.indexOf(position);
        if (index < 0) {
            throw new IllegalArgumentException("position " + position + ": expected one of " + positions);
        }
        int from = (Objects.checkIndex(component, components()) * positions.size() + index) * width;
        return Arrays.copyOfRange(values, from, from + width);
    }

    /** The components at one position alone. */
    public ResidualStack only(int position) {
        var some = new double[components() * width];
        for (int component = 0; component < components(); component++) {
            System.arraycopy(at(component, position), 0, some, component * width, width);
        }
        return new ResidualStack(labels, List.of(position), width, some);
    }

    /** All components together, [positions, D]. */
    public double[] sum() {
        var sum = new double[positions.size() * width];
        for (int i = 0; i < values.length; i++) {
            sum[i % sum.length] += values[i];
        }
        return sum;
    }

    /** These components and then those of another stack, of the same positions. */
    public ResidualStack and(ResidualStack more) {
        if (!positions.equals(more.positions) || width != more.width) {
            throw new IllegalArgumentException(
                    "stack: expected one of positions " + positions + ", got one of " + more.positions);
        }
        var all = new ArrayList<>(labels);
        all.addAll(more.labels);
        double[] both = Arrays.copyOf(values, values.length + more.values.length);
        System.arraycopy(more.values, 0, both, values.length, more.values.length);
        return new ResidualStack(all, positions, width, both);
    }

    /** The components without one of them. */
    public ResidualStack without(String label) {
        int component = component(label);
        int size = positions.size() * width;
        var others = new ArrayList<>(labels);
        others.remove(component);
        double[] rest = new double[values.length - size];
        System.arraycopy(values, 0, rest, 0, component * size);
        System.arraycopy(values, (component + 1) * size, rest, component * size, rest.length - component * size);
        return new ResidualStack(others, positions, width, rest);
    }
}
