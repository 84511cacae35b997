package dev.weir.dump;

import dev.weir.hook.HookPoint;
import java.util.List;

/**
 * How far two dumps are apart at one point. Two NaN are the same value, and so are two infinities of one sign; a NaN or an infinity
 * beside anything else is infinitely far from it.
 *
 * @param shape of the point in both
 * @param maxAbsolute the largest |first - second|
 * @param relative ||first - second|| / ||first||, Euclidean, over the finite values; 0 where both are zero
 * @param cosine of the angle between the two, over the finite values; 1 where both are zero
 * @param worst where {@code maxAbsolute} is: an index for each axis
 * @param first the first dump's value there
 * @param second the second dump's value there
 */
public record PointDifference(
        HookPoint point,
        List<Integer> shape,
        double maxAbsolute,
        double relative,
        double cosine,
        List<Integer> worst,
        float first,
        float second) {

    public PointDifference {
        shape = List.copyOf(shape);
        worst = List.copyOf(worst);
    }

    /** Whether every value is the same in both. */
    public boolean isNone() {
        return maxAbsolute == 0;
    }
}
