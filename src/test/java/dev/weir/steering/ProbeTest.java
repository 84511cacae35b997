package dev.weir.steering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Probes against what defines them, in float64: normal equations solved by elimination, and a gradient that vanishes. */
class ProbeTest {

    private static ProbeData random(int rows, int columns, double shift, long seed) {
        var random = new Random(seed);
        var all = new ArrayList<float[]>();
        var positive = new ArrayList<Boolean>();
        var sequences = new ArrayList<Integer>();
        for (int r = 0; r < rows; r++) {
            boolean is = r % 3 == 0;
            float[] row = new float[columns];
            for (int c = 0; c < columns; c++) {
                row[c] = (float) (random.nextGaussian() * (c + 1) + c + (is ? shift : 0));
            }
            all.add(row);
            positive.add(is);
            sequences.add(r);
        }
        return new ProbeData(all, positive, sequences);
    }

    /** Columns centred and divided by their standard deviation, computed anew. */
    private static double[][] standardized(ProbeData data) {
        int n = data.rows().size();
        int d = data.rows().getFirst().length;
        double[][] z = new double[n][d];
        for (int c = 0; c < d; c++) {
            double mean = 0;
            double square = 0;
            for (float[] row : data.rows()) {
                mean += row[c];
                square += (double) row[c] * row[c];
            }
            mean /= n;
            double deviation = Math.sqrt(square / n - mean * mean);
            for (int r = 0; r < n; r++) {
                z[r][c] = (data.rows().get(r)[c] - mean) / deviation;
            }
        }
        return z;
    }

    @Test
    void ridgeSolvesItsNormalEquations() {
        for (int columns : new int[] {4, 40}) {
            ProbeData data = random(30, columns, 0.7, columns);
            LinearProbe probe = ProbeMethod.RIDGE.train(data, 2.5);
            double[][] z = standardized(data);
            double[] u = ridgeByElimination(z, data, 2.5);
            double mean = (2.0 * data.positives() - 30) / 30;
            for (int r = 0; r < 30; r++) {
                double expected = mean;
                for (int c = 0; c < columns; c++) {
                    expected += u[c] * z[r][c];
                }
                assertEquals(expected, probe.score(data.rows().get(r)), 1e-8, columns + " columns, row " + r);
            }
        }
    }

    private static double[] ridgeByElimination(double[][] z, ProbeData data, double l2) {
        int d = z[0].length;
        double[][] a = new double[d][d + 1];
        for (int i = 0; i < d; i++) {
            a[i][i] = l2;
            for (int r = 0; r < z.length; r++) {
                for (int j = 0; j < d; j++) {
                    a[i][j] += z[r][i] * z[r][j];
                }
                a[i][d] += z[r][i] * (data.positive().get(r) ? 1 : -1);
            }
        }
        for (int k = 0; k < d; k++) { // positive definite: no pivoting needed
            for (int i = 0; i < d; i++) {
                double factor = i == k ? 0 : a[i][k] / a[k][k];
                for (int j = k; j <= d && factor != 0; j++) {
                    a[i][j] -= factor * a[k][j];
                }
            }
        }
        double[] u = new double[d];
        for (int k = 0; k < d; k++) {
            u[k] = a[k][d] / a[k][k];
        }
        return u;
    }

    /** The loss is strictly convex, so where its gradient vanishes is its minimum. */
    @Test
    void logisticIsWhereTheGradientVanishes() {
        for (int columns : new int[] {3, 50}) {
            ProbeData data = random(40, columns, 0.8, 11 + columns);
            double l2 = 0.5;
            LinearProbe probe = ProbeMethod.LOGISTIC.train(data, l2);
            double[][] z = standardized(data);
            double[] gradient = new double[columns + 1];
            for (int r = 0; r < z.length; r++) {
                double y = data.positive().get(r) ? 1 : -1;
                double pull = -y / (1 + Math.exp(y * probe.score(data.rows().get(r))));
                gradient[columns] += pull;
                for (int c = 0; c < columns; c++) {
                    gradient[c] += pull * z[r][c];
                }
            }
            for (int c = 0; c < columns; c++) {
                gradient[c] += l2 * probe.weights()[c] * deviation(data, c);
                assertEquals(0, gradient[c], 1e-6, columns + " columns, column " + c);
            }
            assertEquals(0, gradient[columns], 1e-6);
        }
    }

    private static double deviation(ProbeData data, int c) {
        double[] column = data.rows().stream().mapToDouble(row -> row[c]).toArray();
        double mean = Arrays.stream(column).average().orElseThrow();
        return Math.sqrt(Arrays.stream(column)
                .map(x -> (x - mean) * (x - mean))
                .average()
                .orElseThrow());
    }

    @Test
    void aColumnThatNeverVariesIsOfNoUse() {
        var rows = List.of(new float[] {1, 5}, new float[] {2, 5}, new float[] {3, 5}, new float[] {4, 5});
        var data = new ProbeData(rows, List.of(false, false, true, true), List.of(0, 1, 2, 3));
        for (ProbeMethod method : ProbeMethod.values()) {
            LinearProbe probe = method.train(data, 0.01);
            assertEquals(0, probe.weights()[1], method.toString());
            assertEquals(4, data.correct(probe), method.toString());
        }
    }

    /** The mean of equal values, summed in float64, may be another number, by its last bit. */
    @Test
    void aColumnThatNeverVariesIsOfNoUseHoweverItIsRounded() {
        for (float constant : new float[] {0.1f, 0.3f, -1.7f}) {
            for (int count = 4; count < 15; count++) {
                var rows = new ArrayList<float[]>();
                var positive = new ArrayList<Boolean>();
                for (int r = 0; r < count; r++) {
                    rows.add(new float[] {r, constant});
                    positive.add(r >= count / 2);
                }
                var data = new ProbeData(
                        rows, positive, IntStream.range(0, count).boxed().toList());
                for (ProbeMethod method : ProbeMethod.values()) {
                    assertEquals(0, method.train(data, 0.01).weights()[1], count + " of " + constant + ", " + method);
                }
            }
        }
    }

    @Test
    void whatIsHeldOutIsNotLearnt() {
        for (ProbeMethod method : ProbeMethod.values()) {
            CrossValidation noise = CrossValidation.of(random(90, 200, 0, 3), method, 1, 5, 0);
            assertEquals(90, noise.fitted(), "enough columns to learn noise by heart");
            assertTrue(noise.accuracy() < 0.75, method + " is right in " + noise.heldOut() + " of 90 rows of noise");
            CrossValidation signal = CrossValidation.of(random(90, 20, 30, 4), method, 1, 5, 0);
            assertEquals(90, signal.heldOut(), method.toString());
        }
    }

    /** A label that is the same in all rows of a sequence cannot be told from rows of that sequence. */
    @Test
    void rowsOfASequenceAreHeldOutTogether() {
        var random = new Random(8);
        var rows = new ArrayList<float[]>();
        var positive = new ArrayList<Boolean>();
        var sequences = new ArrayList<Integer>();
        for (int s = 0; s < 40; s++) {
            float[] own = new float[60];
            for (int c = 0; c < own.length; c++) {
                own[c] = (float) random.nextGaussian();
            }
            for (int r = 0; r < 5; r++) {
                rows.add(own);
                positive.add(s % 2 == 0);
                sequences.add(s);
            }
        }
        CrossValidation tried =
                CrossValidation.of(new ProbeData(rows, positive, sequences), ProbeMethod.RIDGE, 1, 4, 1);
        assertEquals(200, tried.fitted());
        assertTrue(tried.accuracy() < 0.75, "right in " + tried.heldOut() + " of 200");
    }

    @Test
    void theSameSeedDealsTheSameFolds() {
        ProbeData data = random(30, 10, 0.5, 6);
        CrossValidation once = CrossValidation.of(data, ProbeMethod.RIDGE, 1, 3, 7);
        CrossValidation again = CrossValidation.of(data, ProbeMethod.RIDGE, 1, 3, 7);
        assertEquals(once.heldOut(), again.heldOut());
        assertEquals(once.probe().bias(), again.probe().bias());
    }

    @Test
    void whatCannotBeTrainedIsRefused() {
        ProbeData data = random(9, 2, 1, 1);
        var oneClass = new ProbeData(data.rows(), Collections.nCopies(9, true), data.sequences());
        assertThrows(IllegalArgumentException.class, () -> ProbeMethod.RIDGE.train(oneClass, 1));
        assertThrows(IllegalArgumentException.class, () -> ProbeMethod.RIDGE.train(data, 0));
        assertThrows(IllegalArgumentException.class, () -> ProbeMethod.LOGISTIC.train(data, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> CrossValidation.of(data, ProbeMethod.RIDGE, 1, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> CrossValidation.of(data, ProbeMethod.RIDGE, 1, 10, 0));
    }
}
