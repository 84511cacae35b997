package dev.weir.steering;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ContrastTest {

    private static List<float[]> random(int rows, int columns, float[] shift, long seed) {
        var random = new Random(seed);
        var all = new ArrayList<float[]>();
        for (int r = 0; r < rows; r++) {
            float[] row = new float[columns];
            for (int c = 0; c < columns; c++) {
                row[c] = (float) random.nextGaussian() + shift[c];
            }
            all.add(row);
        }
        return all;
    }

    private static double norm(float[] v) {
        return Rows.norm(v);
    }

    @Test
    void theMeanDifferenceIsThatOfFloat64() {
        List<float[]> some = random(7, 5, new float[] {1, 2, 3, 4, 5}, 1);
        List<float[]> others = random(3, 5, new float[5], 2);
        float[] direction = Contrast.MEAN_DIFFERENCE.direction(some, others);
        for (int c = 0; c < 5; c++) {
            double a = 0;
            double b = 0;
            for (float[] row : some) {
                a += row[c];
            }
            for (float[] row : others) {
                b += row[c];
            }
            assertEquals((float) (a / 7 - b / 3), direction[c]);
        }
    }

    /** Against power iteration on D'D, with fewer pairs than columns and with more. */
    @Test
    void theFirstComponentIsThatOfPowerIteration() {
        for (int pairs : new int[] {4, 40}) {
            List<float[]> some = random(pairs, 9, new float[] {2, 0, 0, 1, 0, 0, 0, 0, -1}, pairs);
            List<float[]> others = random(pairs, 9, new float[9], 100 + pairs);
            double[] v = new double[9];
            v[0] = 1;
            for (int step = 0; step < 20_000; step++) {
                v = iterate(some, others, v);
            }
            float[] direction = Contrast.FIRST_COMPONENT.direction(some, others);
            assertEquals(1, norm(direction), 1e-6);
            float[] expected = Rows.toFloats(v, Rows.dot(Rows.toFloats(v, 1), direction) < 0 ? -1 : 1);
            assertArrayEquals(expected, direction, 1e-5f, pairs + " pairs");
        }
    }

    private static double[] iterate(List<float[]> some, List<float[]> others, double[] v) {
        double[] next = new double[v.length];
        for (int r = 0; r < some.size(); r++) {
            double along = 0;
            for (int c = 0; c < v.length; c++) {
                along += ((double) some.get(r)[c] - others.get(r)[c]) * v[c];
            }
            for (int c = 0; c < v.length; c++) {
                next[c] += ((double) some.get(r)[c] - others.get(r)[c]) * along;
            }
        }
        double square = 0;
        for (double x : next) {
            square += x * x;
        }
        for (int c = 0; c < v.length; c++) {
            next[c] /= Math.sqrt(square);
        }
        return next;
    }

    @Test
    void theFirstComponentPointsToThePositivePrompts() {
        float[] shift = {0, 3, 0, 0};
        List<float[]> some = random(12, 4, shift, 5);
        List<float[]> others = random(12, 4, new float[4], 6);
        assertTrue(Contrast.FIRST_COMPONENT.direction(some, others)[1] > 0.8);
        assertTrue(Contrast.FIRST_COMPONENT.direction(others, some)[1] < -0.8);
    }

    @Test
    void whatIsFarApartIsSeparatedAndWhatIsNotIsLeftToChance() {
        float[] far = new float[20];
        far[3] = 30;
        for (Contrast contrast : Contrast.values()) {
            assertEquals(1, contrast.heldOutSeparation(random(10, 20, far, 7), random(10, 20, new float[20], 8)));
            double chance =
                    contrast.heldOutSeparation(random(60, 20, new float[20], 9), random(60, 20, new float[20], 10));
            assertEquals(0.5, chance, 0.15, contrast + ": the prompts that it is made of would be separated");
        }
        List<float[]> one = random(1, 20, far, 7);
        assertTrue(Double.isNaN(Contrast.MEAN_DIFFERENCE.heldOutSeparation(one, one)));
    }

    @Test
    void whatHasNoDirectionIsRefused() {
        List<float[]> two = List.of(new float[] {1, 2}, new float[] {3, 4});
        List<float[]> one = List.of(new float[] {1, 2});
        assertThrows(IllegalArgumentException.class, () -> Contrast.MEAN_DIFFERENCE.direction(two, List.of()));
        assertThrows(IllegalArgumentException.class, () -> Contrast.FIRST_COMPONENT.direction(two, one));
        assertThrows(IllegalArgumentException.class, () -> Contrast.FIRST_COMPONENT.direction(two, two));
    }
}
