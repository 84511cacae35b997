package dev.weir.oracle;

import dev.weir.backend.WeightView;
import dev.weir.hook.Edits;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.program.Activation;
import dev.weir.program.ProgramWriter.Affine;
import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.special.Erf;

/**
 * GPT-2 in float64 on Apache Commons Math matrices, written from the papers: the oracle that the engine is compared with. It shares
 * no arithmetic with the product, only the names of weights. One sequence, all positions at once.
 */
public final class Float64Gpt2 {

    private final ModelConfig config;
    private final Weights weights;
    private final Map<Tensor, WeightView> views;
    private final Float64Edits edits;
    private final Map<String, double[]> seen = new TreeMap<>();

    private Float64Gpt2(ModelConfig config, Weights weights, Map<Tensor, WeightView> views, Float64Edits edits) {
        this.config = config;
        this.weights = weights;
        this.views = views;
        this.edits = edits;
    }

    /** Every hook point of a forward pass over the tokens, by name, flattened in the order of {@code docs/hooks.md} for B = 1. */
    public static Map<String, double[]> run(
            ModelConfig config, Weights weights, Map<Tensor, WeightView> views, int[] tokens) {
        return run(config, weights, views, tokens, Edits.NONE);
    }

    /** The same while values are edited, at positions counted from 0. */
    public static Map<String, double[]> run(
            ModelConfig config, Weights weights, Map<Tensor, WeightView> views, int[] tokens, Edits edits) {
        var oracle = new Float64Gpt2(config, weights, views, new Float64Edits(edits, tokens, config.heads()));
        oracle.forward(tokens);
        return oracle.seen;
    }

    private void forward(int[] tokens) {
        RealMatrix tokenTable = matrix(weights.tokens());
        RealMatrix positionTable = matrix(weights.positions());
        RealMatrix embed = MatrixUtils.createRealMatrix(tokens.length, config.width());
        for (int t = 0; t < tokens.length; t++) {
            embed.setRowVector(t, tokenTable.getRowVector(tokens[t]));
        }
        embed = see("hook_embed", embed);
        RealMatrix positions = positionTable.getSubMatrix(0, tokens.length - 1, 0, config.width() - 1);
        positions = see("hook_pos_embed", positions);
        RealMatrix stream = embed.add(positions);
        for (int layer = 0; layer < config.layers(); layer++) {
            stream = block(layer, stream);
        }
        RealMatrix last = norm("ln_final.", stream, weights.finalNorm());
        last = see("unembed.hook_in", last);
        see("unembed.hook_out", last.multiply(matrix(weights.unembedding())));
    }

    private RealMatrix block(int layer, RealMatrix stream) {
        String name = "blocks." + layer + ".";
        Weights.Block b = weights.blocks().get(layer);
        RealMatrix pre = see(name + "hook_resid_pre", stream);
        RealMatrix normed = norm(name + "ln1.", pre, b.norm1());
        RealMatrix attention = see(name + "hook_attn_out", attention(layer, name, normed, b));
        RealMatrix past = see(name + "hook_attn_skip", pre);
        RealMatrix mid = see(name + "hook_resid_mid", past.add(attention));
        RealMatrix read = see(name + "hook_mlp_in", mid);
        RealMatrix hidden = see(name + "mlp.hook_pre", affine(norm(name + "ln2.", read, b.norm2()), b.mlpIn()))
                .copy();
        for (int row = 0; row < hidden.getRowDimension(); row++) {
            for (int column = 0; column < hidden.getColumnDimension(); column++) {
                hidden.setEntry(row, column, activation(config.activation(), hidden.getEntry(row, column)));
            }
        }
        hidden = see(name + "mlp.hook_post", hidden);
        RealMatrix mlp = see(name + "hook_mlp_out", affine(hidden, b.mlpOut()));
        return see(name + "hook_resid_post", see(name + "hook_mlp_skip", mid).add(mlp));
    }

    private RealMatrix attention(int layer, String name, RealMatrix x, Weights.Block b) {
        int positions = x.getRowDimension();
        int headWidth = config.width() / config.heads();
        RealMatrix q = see(name + "attn.hook_q", affine(x, b.query()));
        RealMatrix k = see(name + "attn.hook_k", affine(x, b.key()));
        RealMatrix v = see(name + "attn.hook_v", affine(x, b.value()));
        RealMatrix outputWeight = matrix(b.attentionOut().weight());
        double[] scores = new double[config.heads() * positions * positions];
        double[] pattern = new double[scores.length];
        double[] result = new double[positions * config.heads() * config.width()];
        RealMatrix z = MatrixUtils.createRealMatrix(positions, config.width());
        for (int head = 0; head < config.heads(); head++) {
            int from = head * headWidth;
            int to = from + headWidth - 1;
            RealMatrix headScores = q.getSubMatrix(0, positions - 1, from, to)
                    .multiply(k.getSubMatrix(0, positions - 1, from, to).transpose())
                    .scalarMultiply(scale(layer, headWidth));
            headScores = edits.square(name + "attn.hook_attn_scores", headScores, head);
            RealMatrix headPattern = MatrixUtils.createRealMatrix(positions, positions);
            for (int query = 0; query < positions; query++) {
                softmax(headScores, headPattern, query);
            }
            headPattern = edits.square(name + "attn.hook_pattern", headPattern, head);
            for (int at = head * positions * positions, i = 0; i < positions * positions; i++) {
                boolean isSeen = i % positions <= i / positions;
                scores[at + i] = isSeen ? headScores.getEntry(i / positions, i % positions) : Double.NEGATIVE_INFINITY;
                pattern[at + i] = isSeen ? headPattern.getEntry(i / positions, i % positions) : 0;
            }
            z.setSubMatrix(
                    mix(headPattern, v.getSubMatrix(0, positions - 1, from, to)).getData(), 0, from);
        }
        z = see(name + "attn.hook_z", z);
        for (int head = 0; head < config.heads(); head++) {
            int from = head * headWidth;
            int to = from + headWidth - 1;
            RealMatrix headZ = z.getSubMatrix(0, positions - 1, from, to);
            RealMatrix headResult = headZ.multiply(outputWeight.getSubMatrix(from, to, 0, config.width() - 1));
            for (int query = 0; query < positions; query++) {
                int at = (query * config.heads() + head) * config.width();
                System.arraycopy(headResult.getRow(query), 0, result, at, config.width());
            }
        }
        seen.put(name + "attn.hook_attn_scores", scores);
        seen.put(name + "attn.hook_pattern", pattern);
        seen.put(name + "attn.hook_result", result);
        return affine(z, b.attentionOut());
    }

    /** What each query takes of the keys that it sees. */
    private static RealMatrix mix(RealMatrix pattern, RealMatrix values) {
        RealMatrix seen = pattern.copy();
        for (int query = 0; query < seen.getRowDimension(); query++) {
            for (int key = query + 1; key < seen.getColumnDimension(); key++) {
                seen.setEntry(query, key, 0);
            }
        }
        return seen.multiply(values);
    }

    private double scale(int layer, int headWidth) {
        double scale = config.scaleAttention() ? 1 / Math.sqrt(headWidth) : 1;
        return config.scaleByInverseLayer() ? scale / (layer + 1) : scale;
    }

    private static void softmax(RealMatrix scores, RealMatrix pattern, int query) {
        double max = Double.NEGATIVE_INFINITY;
        for (int key = 0; key <= query; key++) {
            max = Math.max(max, scores.getEntry(query, key));
        }
        double total = 0;
        for (int key = 0; key <= query; key++) {
            total += Math.exp(scores.getEntry(query, key) - max);
        }
        for (int key = 0; key <= query; key++) {
            pattern.setEntry(query, key, Math.exp(scores.getEntry(query, key) - max) / total);
        }
    }

    private RealMatrix norm(String name, RealMatrix x, Affine affine) {
        int width = x.getColumnDimension();
        double[] weight = matrix(affine.weight()).getRow(0);
        double[] bias = matrix(affine.bias()).getRow(0);
        double[] scales = new double[x.getRowDimension()];
        RealMatrix normalized = x.copy();
        RealMatrix out = x.copy();
        for (int row = 0; row < x.getRowDimension(); row++) {
            double[] values = x.getRow(row);
            double mean = Arrays.stream(values).average().orElseThrow();
            double variance = Arrays.stream(values)
                    .map(value -> (value - mean) * (value - mean))
                    .average()
                    .orElseThrow();
            scales[row] = Math.sqrt(variance + config.epsilon());
            for (int column = 0; column < width; column++) {
                double value = (values[column] - mean) / scales[row];
                normalized.setEntry(row, column, value);
                out.setEntry(row, column, value * weight[column] + bias[column]);
            }
        }
        seen.put(name + "hook_scale", scales);
        see(name + "hook_normalized", normalized);
        return out;
    }

    private RealMatrix affine(RealMatrix x, Affine affine) {
        RealMatrix out = x.multiply(matrix(affine.weight()));
        double[] bias = matrix(affine.bias()).getRow(0);
        for (int row = 0; row < out.getRowDimension(); row++) {
            for (int column = 0; column < bias.length; column++) {
                out.addToEntry(row, column, bias[column]);
            }
        }
        return out;
    }

    private static double activation(Activation function, double x) {
        return switch (function) {
            case GELU_NEW -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case GELU -> 0.5 * x * Erf.erfc(-x / Math.sqrt(2));
            case RELU -> Math.max(x, 0);
        };
    }

    /** The weight's elements, rounded as the machine keeps them. */
    private RealMatrix matrix(Tensor tensor) {
        WeightView view = views.get(tensor);
        RealMatrix matrix = MatrixUtils.createRealMatrix(tensor.rows(), tensor.columns());
        if (tensor.type() == DType.INT8) {
            return ofBlocks(tensor, view);
        }
        var cell = MemorySegment.ofArray(new float[1]);
        for (int row = 0; row < tensor.rows(); row++) {
            for (int column = 0; column < tensor.columns(); column++) {
                tensor.type().write(cell, 0, view.at(row, column));
                matrix.setEntry(row, column, tensor.type().read(cell, 0));
            }
        }
        return matrix;
    }

    /** Int8: blocks along the rows of the token table, and along the columns of what is multiplied with. */
    private static RealMatrix ofBlocks(Tensor tensor, WeightView view) {
        boolean isTable = tensor.name().equals("embed.W_E");
        RealMatrix matrix = MatrixUtils.createRealMatrix(tensor.rows(), tensor.columns());
        int lines = isTable ? tensor.rows() : tensor.columns();
        int length = isTable ? tensor.columns() : tensor.rows();
        for (int line = 0; line < lines; line++) {
            for (int from = 0; from < length; from += 32) {
                float[] block = new float[Math.min(32, length - from)];
                for (int i = 0; i < block.length; i++) {
                    block[i] = isTable ? view.at(line, from + i) : view.at(from + i, line);
                }
                byte[] q = new byte[block.length];
                float scale = Float.float16ToFloat(Int8Blocks.quantize(block, 0, block.length, q, 0));
                for (int i = 0; i < block.length; i++) {
                    matrix.setEntry(isTable ? line : from + i, isTable ? from + i : line, (double) q[i] * scale);
                }
            }
        }
        return matrix;
    }

    /** The value as its edits leave it, which is what is seen and what flows on. */
    private RealMatrix see(String name, RealMatrix before) {
        RealMatrix value = edits.edit(name, before);
        double[] flat = new double[value.getRowDimension() * value.getColumnDimension()];
        for (int row = 0; row < value.getRowDimension(); row++) {
            System.arraycopy(value.getRow(row), 0, flat, row * value.getColumnDimension(), value.getColumnDimension());
        }
        seen.put(name, flat);
        return value;
    }
}
