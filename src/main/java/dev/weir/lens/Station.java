package dev.weir.lens;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import java.util.ArrayList;
import java.util.List;

/**
 * A place where the stream can be looked at between two branches.
 *
 * @param label TransformerLens' word for it: {@code 0_pre}, {@code 0_mid}, {@code final_post}
 */
public record Station(String label, HookPoint point) {

    /**
     * The stations on the way to a layer, as {@code accumulated_resid} lists them.
     *
     * @param layers of the model
     * @param layer whose input is the last station; the number of layers for the stream that leaves the last block
     * @param inclMid whether those between attention and MLP of the layers before are among them
     */
    public static List<Station> upTo(int layers, int layer, boolean inclMid) {
        if (layer < 0 || layer > layers) {
            throw new IllegalArgumentException("layer: expected from 0 to " + layers + ", got " + layer);
        }
        var stations = new ArrayList<Station>();
        for (int l = 0; l <= layer; l++) {
            stations.add(
                    l == layers
                            ? new Station("final_post", HookPoint.of(l - 1, Site.RESID_POST))
                            : new Station(l + "_pre", HookPoint.of(l, Site.RESID_PRE)));
            if (inclMid && l < layer) {
                stations.add(new Station(l + "_mid", HookPoint.of(l, Site.RESID_MID)));
            }
        }
        return stations;
    }
}
