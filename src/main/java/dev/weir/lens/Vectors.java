package dev.weir.lens;

/** Lengths and angles of float32 vectors, in float64. */
final class Vectors {

    private Vectors() {}

    /** The Euclidean norm. */
    static double norm(float[] vector) {
        return Math.sqrt(dot(vector, vector));
    }

    /** NaN when one of them is zero. */
    static double cosine(float[] a, float[] b) {
        return dot(a, b) / (norm(a) * norm(b));
    }

    /** The norm of the difference. */
    static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = (double) a[i] - b[i];
            sum += difference * difference;
        }
        return Math.sqrt(sum);
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
