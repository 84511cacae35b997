package dev.weir.hook;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A named place in the forward pass, ordered as the pass reaches it.
 *
 * @param layer the block, from 0; {@link #NO_LAYER} for a site outside the blocks
 */
public record HookPoint(int layer, Site site) implements Comparable<HookPoint> {

    /** The layer of a site outside the blocks. */
    public static final int NO_LAYER = -1;

    private static final Comparator<HookPoint> FORWARD_ORDER = Comparator.comparing((HookPoint p) -> p.site.stage())
            .thenComparingInt(HookPoint::layer)
            .thenComparing(HookPoint::site);

    public HookPoint {
        if (site.inBlock() ? layer < 0 : layer != NO_LAYER) {
            throw new IllegalArgumentException("hook point " + site.suffix() + ": expected "
                    + (site.inBlock() ? "a layer of 0 or more" : "no layer") + ", got " + layer);
        }
    }

    /** A point outside the blocks. */
    public static HookPoint of(Site site) {
        return new HookPoint(NO_LAYER, site);
    }

    /** A point in block {@code layer}. */
    public static HookPoint of(int layer, Site site) {
        return new HookPoint(layer, site);
    }

    /** The point with exactly this full name. */
    public static HookPoint named(String name) {
        for (Site site : Site.values()) {
            if (!site.inBlock() && site.suffix().equals(name)) {
                return of(site);
            }
            if (site.inBlock()
                    && name.matches("blocks\\.\\d{1,6}\\." + site.suffix().replace(".", "\\."))) {
                return of(
                        Integer.parseInt(name.substring("blocks.".length(), name.indexOf('.', "blocks.".length()))),
                        site);
            }
        }
        throw new IllegalArgumentException(
                "hook point '" + name + "': expected a name such as blocks.0.hook_resid_post, see 'weir hooks'");
    }

    /** Every point of a model with so many blocks, in forward order, those on request only included. */
    public static List<HookPoint> all(int layers) {
        var points = new ArrayList<HookPoint>();
        for (Site site : Site.values()) {
            if (!site.inBlock()) {
                points.add(of(site));
            }
            for (int layer = 0; site.inBlock() && layer < layers; layer++) {
                points.add(of(layer, site));
            }
        }
        points.sort(FORWARD_ORDER);
        return points;
    }

    /** The full name: {@code blocks.3.hook_resid_post}. */
    public String name() {
        return site.inBlock() ? "blocks." + layer + "." + site.suffix() : site.suffix();
    }

    @Override
    public int compareTo(HookPoint that) {
        return FORWARD_ORDER.compare(this, that);
    }

    @Override
    public String toString() {
        return name();
    }
}
