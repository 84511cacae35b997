package dev.weir.lens;

import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Positions;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The residual stream of one token on its way through the blocks.
 *
 * @param embedding [D], what enters the first block
 * @param blocks what each block adds and leaves
 */
public record StreamPath(float[] embedding, List<Block> blocks) {

    public StreamPath {
        blocks = List.copyOf(blocks);
    }

    /**
     * One block, all [D].
     *
     * @param attention what attention added
     * @param mlp what the MLP added
     * @param stream what left the block
     */
    public record Block(float[] attention, float[] mlp, float[] stream) {}

    /** What must be seen to follow the stream at these positions. */
    public static Hooks hooks(ModelConfig config, Positions positions) {
        var taps = new TreeMap<HookPoint, Positions>();
        taps.put(HookPoint.of(0, Site.RESID_PRE), positions);
        for (int layer = 0; layer < config.layers(); layer++) {
            for (Site site : List.of(Site.ATTN_OUT, Site.MLP_OUT, Site.RESID_POST)) {
                taps.put(HookPoint.of(layer, site), positions);
            }
        }
        return new Hooks(taps, Edits.NONE);
    }

    /**
     * Reads it from a trace of {@link #hooks}.
     *
     * @param sequence which prompt, from 0
     * @param position one that the trace kept
     */
    public static StreamPath of(Trace trace, int sequence, int position) {
        var rows = new TraceRows(trace, sequence);
        var blocks = new ArrayList<Block>();
        for (int layer = 0; layer < trace.layout().dimensions().layers(); layer++) {
            blocks.add(new Block(
                    rows.at(HookPoint.of(layer, Site.ATTN_OUT), position),
                    rows.at(HookPoint.of(layer, Site.MLP_OUT), position),
                    rows.at(HookPoint.of(layer, Site.RESID_POST), position)));
        }
        return new StreamPath(rows.at(HookPoint.of(0, Site.RESID_PRE), position), blocks);
    }

    /** The stream before the first block and after each, [layers + 1, D] row-major: what a logit lens looks at. */
    public float[] stations() {
        List<float[]> rows = Stream.concat(Stream.of(embedding), blocks.stream().map(Block::stream))
                .toList();
        float[] stations = new float[rows.size() * embedding.length];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i), 0, stations, i * embedding.length, embedding.length);
        }
        return stations;
    }

    /** The cosine between what a block leaves and what entered it; NaN when one of them is zero. */
    public double cosine(int layer) {
        return Vectors.cosine(layer == 0 ? embedding : blocks.get(layer - 1).stream, blocks.get(layer).stream);
    }

    /** The Euclidean norm. */
    public static double norm(float[] vector) {
        return Vectors.norm(vector);
    }
}
