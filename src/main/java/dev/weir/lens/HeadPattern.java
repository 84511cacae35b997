package dev.weir.lens;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Where one attention head looks in one sequence.
 *
 * @param length of the sequence
 * @param weights [length, length] row-major, queries by keys: each row adds up to one, and is zero after the query
 */
public record HeadPattern(int layer, int head, int length, float[] weights) {

    public HeadPattern {
        if (weights.length != length * length) {
            throw new IllegalArgumentException("pattern of " + length + " tokens: expected " + length * length
                    + " weights, got " + weights.length);
        }
    }

    /** How much a query looks at a key. */
    public float at(int query, int key) {
        return weights[Objects.checkIndex(query, length) * length + Objects.checkIndex(key, length)];
    }

    /** TransformerLens' name for the head: {@code L3H7}. */
    public String label() {
        return "L" + layer + "H" + head;
    }

    /**
     * Those of every head of a sequence, layer by layer.
     *
     * @param trace of {@code pattern}, at all positions
     * @param sequence which one of the trace, from 0
     */
    public static List<HeadPattern> all(Trace trace, int sequence) {
        var patterns = new ArrayList<HeadPattern>();
        for (int layer = 0; layer < trace.layout().dimensions().layers(); layer++) {
            for (int head = 0; head < trace.layout().dimensions().heads(); head++) {
                patterns.add(of(trace, sequence, layer, head));
            }
        }
        return patterns;
    }

    /** That of one head. */
    public static HeadPattern of(Trace trace, int sequence, int layer, int head) {
        HookPoint point = HookPoint.of(layer, Site.PATTERN);
        if (!Positions.ALL.equals(trace.layout().taps().get(point))) {
            throw new IllegalArgumentException(
                    "pattern of layer " + layer + ": expected a trace of " + point + " at all positions, got none");
        }
        int length = trace.lengths().get(sequence);
        var weights = new float[length * length];
        for (int query = 0; query < length; query++) {
            float[] row = trace.get(point).row(sequence, head, query);
            System.arraycopy(row, 0, weights, query * length, length);
        }
        return new HeadPattern(layer, head, length, weights);
    }

    /** The mean of what the queries of a range give to the key that lies so far before each of them. */
    double meanAt(int fromQuery, int toQuery, int distance) {
        double sum = 0;
        for (int query = fromQuery; query < toQuery; query++) {
            sum += at(query, query - distance);
        }
        return sum / (toQuery - fromQuery);
    }

    /** The mean of what the queries of a range give to one key. */
    double meanOf(int fromQuery, int toQuery, int key) {
        double sum = 0;
        for (int query = fromQuery; query < toQuery; query++) {
            sum += at(query, key);
        }
        return sum / (toQuery - fromQuery);
    }
}
