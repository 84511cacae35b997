package dev.weir.steering;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;

/** How a direction is made of rows from positive and negative prompts. */
public enum Contrast {
    /**
     * The mean of the positive rows minus that of the negative ones, as long as it is. Source: Marks and Tegmark, "The geometry of
     * truth", 2023; Rimsky et al., "Steering Llama 2 via contrastive activation addition", 2023.
     */
    MEAN_DIFFERENCE("mean"),
    /**
     * The first principal component, of length one, of the differences of pairs, which are not centred: their common part is what is
     * looked for. It points to where the positive rows lie. Source: Zou et al., "Representation engineering", 2023, in the form of
     * llama.cpp's generator of control vectors.
     */
    FIRST_COMPONENT("component");

    private final String label;

    Contrast(String label) {
        this.label = label;
    }

    /** As the command line and files spell it. */
    @Override
    public String toString() {
        return label;
    }

    /**
     * The direction from negative to positive.
     *
     * @param positive rows of one length
     * @param negative as long; of {@link #FIRST_COMPONENT} as many, row i the partner of row i
     * @throws IllegalArgumentException if there are no rows, or no pairs where pairs are needed
     */
    public float[] direction(List<float[]> positive, List<float[]> negative) {
        if (positive.isEmpty() || negative.isEmpty()) {
            throw new IllegalArgumentException("contrast: expected positive and negative rows, got " + positive.size()
                    + " and " + negative.size());
        }
        return switch (this) {
            case MEAN_DIFFERENCE -> Rows.meanDifference(positive, negative);
            case FIRST_COMPONENT -> firstComponent(differences(positive, negative));
        };
    }

    private static List<float[]> differences(List<float[]> positive, List<float[]> negative) {
        if (positive.size() != negative.size()) {
            throw new IllegalArgumentException("contrast: expected as many positive as negative prompts for pairs, got "
                    + positive.size() + " and " + negative.size());
        }
        var differences = new ArrayList<float[]>();
        for (int i = 0; i < positive.size(); i++) {
            differences.add(Rows.meanDifference(List.of(positive.get(i)), List.of(negative.get(i))));
        }
        return differences;
    }

    /**
     * The eigenvector of the largest eigenvalue of A'A, A [N, D] the differences; found from the smaller of A'A and AA', for A' u is an
     * eigenvector of the one where u is of the other.
     */
    private static float[] firstComponent(List<float[]> differences) {
        if (differences.stream().allMatch(difference -> Rows.norm(difference) == 0)) {
            throw new IllegalArgumentException(
                    "contrast: expected prompts that differ, got rows that are all the same");
        }
        RealMatrix a = matrix(differences);
        boolean few = a.getRowDimension() < a.getColumnDimension();
        RealMatrix square = few ? a.multiply(a.transpose()) : a.transpose().multiply(a);
        double[] vector = new EigenDecomposition(square).getEigenvector(0).toArray(); // eigenvalues descend
        double[] component = few ? a.preMultiply(vector) : vector;
        return pointing(Rows.toFloats(component, 1), Rows.mean(differences));
    }

    private static RealMatrix matrix(List<float[]> rows) {
        RealMatrix matrix = MatrixUtils.createRealMatrix(rows.size(), rows.getFirst().length);
        for (int r = 0; r < rows.size(); r++) {
            for (int c = 0; c < rows.get(r).length; c++) {
                matrix.setEntry(r, c, rows.get(r)[c]);
            }
        }
        return matrix;
    }

    /** Of length one, and not away from another direction. */
    private static float[] pointing(float[] component, float[] there) {
        double norm = Rows.norm(component);
        double sign = Rows.dot(component, there) < 0 ? -1 : 1;
        float[] unit = new float[component.length];
        for (int c = 0; c < unit.length; c++) {
            unit[c] = (float) (component[c] * sign / norm);
        }
        return unit;
    }

    /**
     * How well a direction tells rows apart that it was not made of: it is made of every other prompt and tried on the rest, and then the
     * other way round.
     *
     * @return the share of pairs of a positive and a negative row whose positive one lies further along, ties half; 0.5 is chance, NaN
     *     with fewer than two prompts of a kind
     */
    public double heldOutSeparation(List<float[]> positive, List<float[]> negative) {
        if (positive.size() < 2 || negative.size() < 2) {
            return Double.NaN;
        }
        double sum = 0;
        for (int half = 0; half < 2; half++) {
            float[] direction = direction(everyOther(positive, half), everyOther(negative, half));
            sum += separation(direction, everyOther(positive, 1 - half), everyOther(negative, 1 - half));
        }
        return sum / 2;
    }

    private static List<float[]> everyOther(List<float[]> rows, int first) {
        var some = new ArrayList<float[]>();
        for (int i = first; i < rows.size(); i += 2) {
            some.add(rows.get(i));
        }
        return some;
    }

    private static double separation(float[] direction, List<float[]> positive, List<float[]> negative) {
        double further = 0;
        for (float[] some : positive) {
            double along = Rows.dot(direction, some);
            for (float[] other : negative) {
                int order = Double.compare(along, Rows.dot(direction, other));
                further += order > 0 ? 1 : order == 0 ? 0.5 : 0;
            }
        }
        return further / ((double) positive.size() * negative.size());
    }
}
