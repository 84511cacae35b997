package dev.weir.lens;

/** A layer norm in float64, before its weight and bias, of a row that lies among others. */
final class LayerNorm {

    private LayerNorm() {}

    /** The divisor of a row, sqrt(variance + epsilon): what the machine shows as {@code hook_scale}. */
    static double scale(double[] values, int from, int width, double epsilon) {
        double mean = mean(values, from, width);
        double squares = 0;
        for (int i = from; i < from + width; i++) {
            squares += (values[i] - mean) * (values[i] - mean);
        }
        return Math.sqrt(squares / width + epsilon);
    }

    /** Centres a row and divides it, in place. */
    static void apply(double[] values, int from, int width, double scale) {
        double mean = mean(values, from, width);
        for (int i = from; i < from + width; i++) {
            values[i] = (values[i] - mean) / scale;
        }
    }

    private static double mean(double[] values, int from, int width) {
        double sum = 0;
        for (int i = from; i < from + width; i++) {
            sum += values[i];
        }
        return sum / width;
    }
}
