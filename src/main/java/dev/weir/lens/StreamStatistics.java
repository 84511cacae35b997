package dev.weir.lens;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import java.util.ArrayList;
import java.util.List;

/**
 * How the stream of a sequence moves from layer to layer.
 *
 * @param positions of the tokens, ascending
 * @param blocks one for each layer
 * @param cosines [layers + 1, layers + 1] between the stream before one layer and before another, the last of which is the end: means
 *     over positions
 */
public record StreamStatistics(List<Integer> positions, List<Block> blocks, double[][] cosines) {

    /** What a trace must hold. */
    public static final String SELECTORS = "resid_pre,attn_out,mlp_out,resid_post";

    public StreamStatistics {
        positions = List.copyOf(positions);
        blocks = List.copyOf(blocks);
    }

    /**
     * What one block does to the stream, at each position.
     *
     * @param entering norm of the stream that enters
     * @param attention norm of what attention adds
     * @param mlp norm of what the MLP adds
     * @param change norm of the difference between the stream that leaves and the one that enters, as a share of the latter: 0 for a
     *     block that is the identity
     * @param cosine between the stream that enters and the one that leaves: 1 for the identity
     * @param leaving norm of the stream that leaves
     */
    public record Block(
            double[] entering, double[] attention, double[] mlp, double[] change, double[] cosine, double[] leaving) {}

    /**
     * Those of some positions.
     *
     * @param trace of {@link #SELECTORS}
     * @param sequence which one of the trace, from 0
     */
    public static StreamStatistics of(Trace trace, int sequence, List<Integer> positions) {
        var rows = new TraceRows(trace, sequence);
        int layers = trace.layout().dimensions().layers();
        var blocks = new ArrayList<Block>();
        for (int layer = 0; layer < layers; layer++) {
            blocks.add(block(rows, layer, positions));
        }
        return new StreamStatistics(positions, blocks, cosines(rows, Station.upTo(layers, layers, false), positions));
    }

    private static Block block(TraceRows rows, int layer, List<Integer> positions) {
        int count = positions.size();
        var block = new Block(
                new double[count],
                new double[count],
                new double[count],
                new double[count],
                new double[count],
                new double[count]);
        for (int i = 0; i < count; i++) {
            int position = positions.get(i);
            float[] before = rows.at(HookPoint.of(layer, Site.RESID_PRE), position);
            float[] after = rows.at(HookPoint.of(layer, Site.RESID_POST), position);
            block.entering[i] = Vectors.norm(before);
            block.attention[i] = Vectors.norm(rows.at(HookPoint.of(layer, Site.ATTN_OUT), position));
            block.mlp[i] = Vectors.norm(rows.at(HookPoint.of(layer, Site.MLP_OUT), position));
            block.change[i] = Vectors.distance(before, after) / block.entering[i];
            block.cosine[i] = Vectors.cosine(before, after);
            block.leaving[i] = Vectors.norm(after);
        }
        return block;
    }

    private static double[][] cosines(TraceRows rows, List<Station> stations, List<Integer> positions) {
        var cosines = new double[stations.size()][stations.size()];
        for (int position : positions) {
            List<float[]> stream = stations.stream()
                    .map(station -> rows.at(station.point(), position))
                    .toList();
            for (int a = 0; a < cosines.length; a++) {
                for (int b = 0; b < cosines.length; b++) {
                    cosines[a][b] += Vectors.cosine(stream.get(a), stream.get(b)) / positions.size();
                }
            }
        }
        return cosines;
    }
}
