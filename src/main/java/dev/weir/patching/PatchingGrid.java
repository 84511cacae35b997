package dev.weir.patching;

import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The cells of a sweep: at which site of the blocks, and what a row and a column are.
 *
 * @param site one of every block, with a row for each token
 */
public record PatchingGrid(Site site, By by) {

    /** What the cells are. */
    public enum By {
        /** Rows are layers, columns positions. */
        POSITION,
        /** Rows are layers, columns heads, patched at every position. */
        HEAD,
        /** Rows are heads of layers, columns positions. */
        HEAD_AND_POSITION
    }

    /** One cell: what is patched. */
    record Patch(HookPoint point, Span span, Heads heads) {}

    public PatchingGrid {
        boolean perToken = site.form() == Site.Form.WIDTH
                || site.form() == Site.Form.HIDDEN
                || site.form() == Site.Form.HEADS
                || site.form() == Site.Form.KEY_HEADS;
        if (!site.inBlock() || !perToken) {
            throw new IllegalArgumentException(
                    "patching at " + site.suffix()
                            + ": expected a site of the blocks with a row for each token, such as hook_resid_pre or attn.hook_z");
        }
        if (by != By.POSITION && !site.hasHeads()) {
            throw new IllegalArgumentException(
                    "patching at " + site.suffix() + " by head: expected a site that has heads, such as attn.hook_z");
        }
    }

    /** The points of every block. */
    List<HookPoint> points(ModelConfig config) {
        return IntStream.range(0, config.layers())
                .mapToObj(layer -> HookPoint.of(layer, site))
                .toList();
    }

    private int heads(ModelConfig config) {
        return site.form() == Site.Form.KEY_HEADS ? config.dimensions().keyHeads() : config.heads();
    }

    /** The number of cells. */
    public int cells(ModelConfig config, int length) {
        return patches(config, length).size();
    }

    /** The cells, row by row. */
    List<Patch> patches(ModelConfig config, int length) {
        var patches = new ArrayList<Patch>();
        for (HookPoint point : points(config)) {
            if (by == By.POSITION) {
                addPositions(point, Heads.ALL, length, patches);
            }
            for (int head = 0; by != By.POSITION && head < heads(config); head++) {
                if (by == By.HEAD) {
                    patches.add(new Patch(point, Span.ALL, Heads.of(head)));
                } else {
                    addPositions(point, Heads.of(head), length, patches);
                }
            }
        }
        return patches;
    }

    private static void addPositions(HookPoint point, Heads heads, int length, List<Patch> patches) {
        for (int position = 0; position < length; position++) {
            patches.add(new Patch(point, Span.at(position), heads));
        }
    }

    PatchingMap.Axis rows(ModelConfig config) {
        if (by != By.HEAD_AND_POSITION) {
            return new PatchingMap.Axis("layer", numbers(config.layers()));
        }
        var labels = new ArrayList<String>();
        for (int layer = 0; layer < config.layers(); layer++) {
            for (int head = 0; head < heads(config); head++) {
                labels.add(layer + "." + head);
            }
        }
        return new PatchingMap.Axis("head", labels);
    }

    /** @param tokens the text of each position */
    PatchingMap.Axis columns(ModelConfig config, List<String> tokens) {
        return by == By.HEAD
                ? new PatchingMap.Axis("head", numbers(heads(config)))
                : new PatchingMap.Axis("position", tokens);
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(String::valueOf).toList();
    }

    String title() {
        return site.suffix()
                + switch (by) {
                    case POSITION -> " by layer and position";
                    case HEAD -> " by layer and head";
                    case HEAD_AND_POSITION -> " by head and position";
                };
    }
}
