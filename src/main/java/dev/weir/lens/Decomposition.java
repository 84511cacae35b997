package dev.weir.lens;

import dev.weir.engine.Weight;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.lens.Attribution.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The stream of a sequence taken apart: into what it was at each layer, and into what each layer, head or neuron wrote to it. Names,
 * orders and labels are those of TransformerLens' {@code ActivationCache}; a layer is in [0, layers] and means its input, the last one
 * that of the unembedding. Values are float64, computed from the float32 values that the machine showed.
 */
public final class Decomposition {

    /** What a trace must hold to be taken apart in every way. */
    public static final String SELECTORS = "embed,pos_embed,resid_pre,resid_mid,resid_post,attn_out,mlp_out,z,mlp_post";

    private final Weir weir;
    private final TraceRows rows;
    private final List<Integer> positions;
    private final int layers;
    private final int width;

    /**
     * Takes apart some positions of a sequence.
     *
     * @param trace of {@link #SELECTORS}, or of as many of them as the questions need
     * @param sequence which one of the trace, from 0
     * @param positions of the tokens that it is about, ascending
     */
    public Decomposition(Weir weir, Trace trace, int sequence, List<Integer> positions) {
        this.weir = weir;
        this.rows = new TraceRows(trace, sequence);
        this.positions = List.copyOf(positions);
        this.layers = weir.config().layers();
        this.width = weir.config().width();
    }

    /** Takes apart every position of a sequence. */
    public Decomposition(Weir weir, Trace trace, int sequence) {
        this(
                weir,
                trace,
                sequence,
                IntStream.range(0, new TraceRows(trace, sequence).length())
                        .boxed()
                        .toList());
    }

    /**
     * The stream at each layer on the way to one, {@code accumulated_resid}.
     *
     * @param layer whose input is the last of them
     * @param inclMid whether those between attention and MLP are among them
     * @param applyLn whether they go through a norm: on the way to the unembedding each through the final norm, with its own scale,
     *     weight and bias, as a logit lens has it; on the way to another layer as in {@link #applyLnToStack}
     */
    public ResidualStack accumulatedResid(int layer, boolean inclMid, boolean applyLn) {
        var writer = new StackWriter();
        for (Station station : Station.upTo(layers, layer, inclMid)) {
            writer.add(station.label(), station.point());
        }
        ResidualStack stack = writer.stack();
        if (!applyLn) {
            return stack;
        }
        return layer == layers ? throughFinalNorm(stack) : applyLnToStack(stack, layer, false);
    }

    private ResidualStack throughFinalNorm(ResidualStack stack) {
        float[] weight = weir.weight("ln_final.w").row(0);
        float[] bias = weir.weight("ln_final.b").row(0);
        double[] values = stack.values().clone();
        for (int from = 0; from < values.length; from += width) {
            LayerNorm.apply(
                    values,
                    from,
                    width,
                    LayerNorm.scale(values, from, width, weir.config().epsilon()));
            for (int i = 0; i < width; i++) {
                values[from + i] = values[from + i] * weight[i] + bias[i];
            }
        }
        return new ResidualStack(stack.labels(), stack.positions(), width, values);
    }

    /**
     * What was written to the stream before a layer, {@code decompose_resid}: the embeddings of token and position, then of each layer
     * what attention and the MLP added. It is all that there is in the stream.
     *
     * @param applyLn whether they go through the norm before that layer, see {@link #applyLnToStack}
     */
    public ResidualStack decomposeResid(int layer, boolean applyLn) {
        ResidualStack all = embeddings().and(branches(layer, List.of(Site.ATTN_OUT, Site.MLP_OUT)));
        return applyLn ? applyLnToStack(all, layer, false) : all;
    }

    private ResidualStack embeddings() {
        var writer = new StackWriter();
        writer.add("embed", HookPoint.of(Site.EMBED));
        writer.add("pos_embed", HookPoint.of(Site.POS_EMBED));
        return writer.stack();
    }

    private ResidualStack branches(int layer, List<Site> sites) {
        requireLayer(layer);
        var writer = new StackWriter();
        for (int l = 0; l < layer; l++) {
            for (Site site : sites) {
                writer.add(l + (site == Site.ATTN_OUT ? "_attn_out" : "_mlp_out"), HookPoint.of(l, site));
            }
        }
        return writer.stack();
    }

    /**
     * What each head before a layer wrote to the stream, {@code L0H0} first, {@code stack_head_results}. It is {@code attn.hook_result}
     * where the trace holds that, or else computed from z and W_O.
     *
     * @param inclRemainder whether the rest of the stream follows, as {@code remainder}
     * @param applyLn whether they go through the norm before that layer, see {@link #applyLnToStack}
     */
    public ResidualStack stackHeadResults(int layer, boolean inclRemainder, boolean applyLn) {
        requireLayer(layer);
        var writer = new StackWriter();
        for (int l = 0; l < layer; l++) {
            addHeads(writer, l);
        }
        ResidualStack stack = writer.stack();
        if (inclRemainder) {
            stack = stack.and(remainder(stack, layer));
        }
        return applyLn ? applyLnToStack(stack, layer, false) : stack;
    }

    private void addHeads(StackWriter writer, int layer) {
        int heads = weir.config().heads();
        var results = new double[heads][positions.size() * width];
        for (int p = 0; p < positions.size(); p++) {
            double[] ofPosition = headResults(layer, positions.get(p));
            for (int head = 0; head < heads; head++) {
                System.arraycopy(ofPosition, head * width, results[head], p * width, width);
            }
        }
        for (int head = 0; head < heads; head++) {
            writer.add("L" + layer + "H" + head, results[head]);
        }
    }

    /** [H, D] of one position. */
    private double[] headResults(int layer, int position) {
        HookPoint result = HookPoint.of(layer, Site.RESULT);
        if (rows.trace().points().contains(result)) {
            return rows.doubles(result, position);
        }
        float[] z = rows.at(HookPoint.of(layer, Site.Z), position);
        Weight out = weir.weight("blocks." + layer + ".attn.W_O");
        var results = new double[weir.config().heads() * width];
        for (int i = 0; i < z.length; i++) {
            addTimes(results, i / weir.config().headWidth() * width, z[i], out.row(i));
        }
        return results;
    }

    private ResidualStack remainder(ResidualStack stack, int layer) {
        var writer = new StackWriter();
        writer.add("remainder", streamBefore(layer, false));
        double[] rest = writer.stack().values();
        double[] sum = stack.sum();
        for (int i = 0; i < rest.length; i++) {
            rest[i] -= sum[i];
        }
        return new ResidualStack(List.of("remainder"), positions, width, rest);
    }

    /** What each neuron of one layer wrote to the stream, {@code L0N0} first, without the MLP's bias: {@code get_neuron_results}. */
    public ResidualStack neuronResults(int layer) {
        Weight out = weir.weight("blocks." + layer + ".mlp.W_out");
        var labels = new ArrayList<String>();
        var values = new double[Math.multiplyExact(Math.multiplyExact(out.rows(), positions.size()), width)];
        List<float[]> neurons = positions.stream()
                .map(position -> rows.at(HookPoint.of(layer, Site.MLP_POST), position))
                .toList();
        for (int neuron = 0; neuron < out.rows(); neuron++) {
            labels.add("L" + layer + "N" + neuron);
            float[] direction = out.row(neuron);
            for (int p = 0; p < positions.size(); p++) {
                addTimes(values, (neuron * positions.size() + p) * width, neurons.get(p)[neuron], direction);
            }
        }
        return new ResidualStack(labels, positions, width, values);
    }

    /**
     * All of the stream before a layer by heads: these, then the MLPs, {@code embed}, {@code pos_embed}, and what the layers' attention
     * adds whatever it sees, as {@code bias}. This is {@code get_full_resid_decomposition} with {@code expand_neurons=False}.
     *
     * @param applyLn whether they go through the norm before that layer, see {@link #applyLnToStack}
     */
    public ResidualStack fullResidDecomposition(int layer, boolean applyLn) {
        var bias = new double[width];
        for (int l = 0; l < layer; l++) {
            addTimes(bias, 0, 1, weir.weight("blocks." + l + ".attn.b_O").row(0));
        }
        ResidualStack all = stackHeadResults(layer, false, false)
                .and(branches(layer, List.of(Site.MLP_OUT)))
                .and(embeddings())
                .and(everywhere("bias", bias));
        return applyLn ? applyLnToStack(all, layer, false) : all;
    }

    /**
     * All of the stream before the unembedding, with the MLP of one layer as its neurons: {@link #decomposeResid}, where in place of
     * {@code 3_mlp_out} the neurons and {@code 3_b_out} stand at the end.
     */
    public ResidualStack decomposeNeurons(int layer) {
        var bias = new double[width];
        addTimes(bias, 0, 1, weir.weight("blocks." + layer + ".mlp.b_out").row(0));
        return decomposeResid(layers, false)
                .without(layer + "_mlp_out")
                .and(neuronResults(layer))
                .and(everywhere(layer + "_b_out", bias));
    }

    /**
     * Components as the norm before a layer sees them, {@code apply_ln_to_stack}: centred, and divided by the scale that the whole
     * stream has there. So they add up to what the norm makes of the stream, before its weight and bias.
     *
     * @param layer the number of layers for the final norm
     * @param mlpInput whether it is the norm before the layer's MLP
     */
    public ResidualStack applyLnToStack(ResidualStack stack, int layer, boolean mlpInput) {
        HookPoint stream = streamBefore(layer, mlpInput);
        double[] values = stack.values().clone();
        int count = stack.positions().size();
        for (int p = 0; p < count; p++) {
            double[] whole = rows.doubles(stream, stack.positions().get(p));
            double scale = LayerNorm.scale(whole, 0, width, weir.config().epsilon());
            for (int component = 0; component < stack.components(); component++) {
                LayerNorm.apply(values, (component * count + p) * width, width, scale);
            }
        }
        return new ResidualStack(stack.labels(), stack.positions(), width, values);
    }

    /**
     * What each component puts into a logit, or into the difference of two, {@code logit_attrs}.
     *
     * @param stack before the final norm
     * @return [components][positions]
     */
    public double[][] logitAttrs(ResidualStack stack, LogitDirection direction) {
        ResidualStack normed = applyLnToStack(stack, layers, false);
        int count = stack.positions().size();
        var attributions = new double[stack.components()][count];
        for (int component = 0; component < attributions.length; component++) {
            for (int p = 0; p < count; p++) {
                int from = (component * count + p) * width;
                for (int i = 0; i < width; i++) {
                    attributions[component][p] +=
                            normed.values()[from + i] * direction.vector()[i];
                }
            }
        }
        return attributions;
    }

    /**
     * The same beside the logit that the model gave, so that nothing is left out unseen.
     *
     * @param stack before the final norm, with everything in it that was written to the stream
     * @param position one of the stack's
     */
    public Attribution attribution(ResidualStack stack, int position, LogitDirection direction) {
        double[][] attributions = logitAttrs(stack.only(position), direction);
        var parts = new ArrayList<Part>();
        for (int component = 0; component < attributions.length; component++) {
            parts.add(new Part(stack.labels().get(component), attributions[component][0]));
        }
        parts.add(new Part(Attribution.BIAS, direction.bias()));
        float[] logits = weir.unembed(rows.at(streamBefore(layers, false), position));
        return new Attribution(position, direction.token(), direction.against(), parts, direction.in(logits));
    }

    private HookPoint streamBefore(int layer, boolean mlpInput) {
        requireLayer(layer);
        if (layer == layers && mlpInput) {
            throw new IllegalArgumentException("mlpInput: expected a layer below " + layers + ", got the unembedding");
        }
        return layer == layers
                ? HookPoint.of(layer - 1, Site.RESID_POST)
                : HookPoint.of(layer, mlpInput ? Site.RESID_MID : Site.RESID_PRE);
    }

    private void requireLayer(int layer) {
        if (layer < 0 || layer > layers) {
            throw new IllegalArgumentException("layer: expected from 0 to " + layers + ", got " + layer);
        }
    }

    private ResidualStack everywhere(String label, double[] vector) {
        var values = new double[positions.size() * width];
        for (int p = 0; p < positions.size(); p++) {
            System.arraycopy(vector, 0, values, p * width, width);
        }
        return new ResidualStack(List.of(label), positions, width, values);
    }

    private static void addTimes(double[] sum, int at, double factor, float[] vector) {
        for (int i = 0; i < vector.length; i++) {
            sum[at + i] += factor * vector[i];
        }
    }

    /** Puts components side by side. */
    private final class StackWriter {
        private final List<String> labels = new ArrayList<>();
        private final List<double[]> components = new ArrayList<>();

        void add(String label, HookPoint point) {
            var component = new double[positions.size() * width];
            for (int p = 0; p < positions.size(); p++) {
                System.arraycopy(rows.doubles(point, positions.get(p)), 0, component, p * width, width);
            }
            add(label, component);
        }

        void add(String label, double[] component) {
            labels.add(label);
            components.add(component);
        }

        ResidualStack stack() {
            int size = positions.size() * width;
            var values = new double[Math.multiplyExact(components.size(), size)];
            for (int component = 0; component < components.size(); component++) {
                System.arraycopy(components.get(component), 0, values, component * size, size);
            }
            return new ResidualStack(labels, positions, width, values);
        }
    }
}
