package dev.weir.lens;

import dev.weir.lens.SampledRows.Place;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * One number of a row of the stream, beside what is usual in its row.
 *
 * @param place of the row
 * @param dimension from 0
 * @param median of the magnitudes of the row
 */
public record Activation(Place place, int dimension, float value, double median) {

    private static final double MASSIVE = 100;
    private static final double MASSIVE_SHARE = 1000;

    /** The magnitude as a multiple of the row's median. */
    public double ratio() {
        return Math.abs(value) / median;
    }

    /** Above 100 and a thousand times the median of its row: Sun et al., "Massive activations in large language models", 2024. */
    public boolean isMassive() {
        return Math.abs(value) > MASSIVE && ratio() >= MASSIVE_SHARE;
    }

    /** The largest of each row. */
    public static List<Activation> largest(SampledRows rows) {
        return IntStream.range(0, rows.count())
                .mapToObj(row -> largest(rows.places().get(row), rows.row(row)))
                .toList();
    }

    private static Activation largest(Place place, float[] row) {
        double[] magnitudes = magnitudes(row);
        int dimension =
                IntStream.range(0, row.length).reduce(0, (best, i) -> magnitudes[i] > magnitudes[best] ? i : best);
        return new Activation(place, dimension, row[dimension], new Median().evaluate(magnitudes));
    }

    /** All that are massive, the largest first. */
    public static List<Activation> massive(SampledRows rows) {
        return IntStream.range(0, rows.count())
                .boxed()
                .flatMap(row -> massive(rows.places().get(row), rows.row(row)).stream())
                .sorted(Comparator.comparingDouble((Activation a) -> Math.abs(a.value))
                        .reversed())
                .toList();
    }

    private static List<Activation> massive(Place place, float[] row) {
        double median = new Median().evaluate(magnitudes(row));
        return IntStream.range(0, row.length)
                .mapToObj(i -> new Activation(place, i, row[i], median))
                .filter(Activation::isMassive)
                .toList();
    }

    private static double[] magnitudes(float[] row) {
        return IntStream.range(0, row.length).mapToDouble(i -> Math.abs(row[i])).toArray();
    }

    /** The one that is largest as a multiple of its row's median; none of no rows. */
    public static Optional<Activation> extreme(SampledRows rows) {
        return largest(rows).stream().max(Comparator.comparingDouble(Activation::ratio));
    }
}
