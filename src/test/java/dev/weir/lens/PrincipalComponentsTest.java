package dev.weir.lens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.lens.SampledRows.Place;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** A singular value decomposition is right when what it claims of its factors holds; nothing else is compared. */
class PrincipalComponentsTest {

    private static final HookPoint POINT = HookPoint.of(1, Site.RESID_POST);

    private static SampledRows random(long seed, int rows, int width) {
        var random = new Random(seed);
        var data = new float[rows * width];
        for (int i = 0; i < data.length; i++) {
            data[i] = (float) (random.nextGaussian() * (1 + i % width) + 3);
        }
        return SampledRows.of(POINT, new Trace.Values(List.of(rows, width), data));
    }

    @Property(tries = 40)
    void theDirectionsDiagonaliseTheCovariance(
            @ForAll long seed,
            @ForAll @IntRange(min = 2, max = 40) int rows,
            @ForAll @IntRange(min = 1, max = 23) int width) {
        SampledRows sample = random(seed, rows, width);
        PrincipalComponents components = PrincipalComponents.of(sample);
        double[][] covariance = covariance(sample);
        double trace =
                IntStream.range(0, width).mapToDouble(i -> covariance[i][i]).sum();
        int count = Math.min(rows, width);
        assertEquals(count, components.variances().length);
        for (int a = 0; a < count; a++) {
            double[] image = times(covariance, components.directions()[a]);
            for (int b = 0; b < count; b++) {
                double expected = a == b ? components.variances()[a] : 0;
                assertEquals(expected, dot(components.directions()[b], image), 1e-9 * trace + 1e-12);
                assertEquals(
                        a == b ? 1 : 0,
                        dot(components.directions()[a], components.directions()[b]),
                        1e-9);
            }
            assertTrue(a == 0 || components.variances()[a] <= components.variances()[a - 1]);
        }
        assertEquals(trace, Arrays.stream(components.variances()).sum(), 1e-9 * trace);
        double squares = dot(components.variances(), components.variances());
        assertEquals(trace * trace / squares, sample.participationRatio(), 1e-6);
        assertEquals(components.variances()[0] / trace, components.share(0), 1e-9);
    }

    private static double[][] covariance(SampledRows rows) {
        var covariance = new double[rows.width()][rows.width()];
        for (int a = 0; a < rows.width(); a++) {
            for (int b = 0; b < rows.width(); b++) {
                double meanA = mean(rows, a);
                double meanB = mean(rows, b);
                for (int r = 0; r < rows.count(); r++) {
                    covariance[a][b] += (rows.row(r)[a] - meanA) * (rows.row(r)[b] - meanB) / (rows.count() - 1);
                }
            }
        }
        return covariance;
    }

    private static double mean(SampledRows rows, int column) {
        return IntStream.range(0, rows.count())
                .mapToDouble(r -> rows.row(r)[column])
                .average()
                .orElseThrow();
    }

    private static double[] times(double[][] matrix, double[] vector) {
        return Arrays.stream(matrix).mapToDouble(row -> dot(row, vector)).toArray();
    }

    private static double dot(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    @Test
    void pointsOnALineHaveOneDirection() {
        var data = new float[] {1, 2, 3, 3, 6, 9, -2, -4, -6, 0, 0, 0};
        SampledRows line = SampledRows.of(POINT, new Trace.Values(List.of(1, 4, 3), data));
        PrincipalComponents components = PrincipalComponents.of(line);
        double length = Math.sqrt(14);
        assertArrayEquals(
                new double[] {1 / length, 2 / length, 3 / length}, components.directions()[0], 1e-12);
        assertEquals(1, components.share(0), 1e-12);
        assertEquals(1, line.participationRatio(), 1e-12);
        assertEquals(2.5 * length, components.coordinate(0, line.row(1)), 1e-12);
    }

    @Test
    void rowsThatNoTokenWroteAreLeftOut() {
        float absent = Float.NaN;
        var data = new float[] {1, 2, 3, 4, 5, 6, absent, absent};
        SampledRows rows = SampledRows.of(POINT, new Trace.Values(List.of(2, 2, 2), data));
        assertEquals(List.of(new Place(0, 0), new Place(0, 1), new Place(1, 0)), rows.places());
        assertArrayEquals(new float[] {5, 6}, rows.row(2));
        assertEquals(5, rows.norms()[1]);
        assertEquals(
                6,
                SampledRows.of(HookPoint.of(0, Site.Z), new Trace.Values(List.of(1, 1, 2, 3), new float[6]))
                        .width());
        assertThrows(
                IllegalArgumentException.class,
                () -> SampledRows.of(
                        HookPoint.of(0, Site.PATTERN), new Trace.Values(List.of(1, 1, 1, 1), new float[1])));
        assertThrows(
                IllegalArgumentException.class,
                () -> PrincipalComponents.of(SampledRows.of(POINT, new Trace.Values(List.of(1, 4), new float[4]))));
    }

    @Test
    void rowsOfATraceKnowTheirPositions() {
        try (var subject = new Subject(11)) {
            int last = subject.tokens.length - 1;
            Trace trace = subject.trace("resid_pre.0@1+3..4,z.0@last");
            SampledRows some = SampledRows.of(HookPoint.of(0, Site.RESID_PRE), trace);
            assertEquals(List.of(new Place(0, 1), new Place(0, 3), new Place(0, 4)), some.places());
            assertEquals(
                    List.of(new Place(0, last)),
                    SampledRows.of(HookPoint.of(0, Site.Z), trace).places());
        }
    }

    @Test
    void massiveActivationsStandOut() {
        var data = new float[200];
        Arrays.fill(data, 0.05f);
        data[7] = -120;
        data[150] = 90;
        data[199] = 0.1f;
        SampledRows rows = SampledRows.of(POINT, new Trace.Values(List.of(2, 1, 100), data));
        List<Activation> massive = Activation.massive(rows);
        assertEquals(List.of(new Activation(new Place(0, 0), 7, -120, 0.05f)), massive, "90 is not above 100");
        assertEquals(2400, massive.getFirst().ratio(), 1e-3);
        assertEquals(
                List.of(7, 50),
                Activation.largest(rows).stream().map(Activation::dimension).toList());
        assertEquals(massive.getFirst(), Activation.extreme(rows).orElseThrow());
    }
}
