package dev.weir.patching;

import dev.weir.backend.RandomModel;
import dev.weir.backend.WeightView;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.program.ProgramWriter.Affine;
import dev.weir.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * GPT-2 in float64, in plain loops, with a place at which each value may be changed: the oracle of patching. It knows nothing of edits,
 * spans, plans or sessions.
 */
final class PatchedGpt2 {

    /** Changes a value in place, [P][columns]. */
    @FunctionalInterface
    interface Patch {
        Patch NONE = (name, value) -> {};

        void at(String name, double[][] value);
    }

    private final ModelConfig c;
    private final Weights w;
    private final Map<Tensor, WeightView> views;
    private final Patch patch;
    private final Map<String, double[][]> seen = new TreeMap<>();

    private PatchedGpt2(RandomModel model, Patch patch) {
        c = model.config;
        w = model.weights;
        views = model.views;
        this.patch = patch;
    }

    /** Every value by name, and under "logits" the logits of every position. */
    static Map<String, double[][]> run(RandomModel model, int[] tokens, Patch patch) {
        var pass = new PatchedGpt2(model, patch);
        pass.forward(tokens);
        return pass.seen;
    }

    private double[][] hook(String name, double[][] value) {
        double[][] changed = copy(value);
        patch.at(name, changed);
        seen.put(name, copy(changed));
        return changed;
    }

    private static double[][] copy(double[][] value) {
        double[][] copy = new double[value.length][];
        for (int i = 0; i < value.length; i++) {
            copy[i] = value[i].clone();
        }
        return copy;
    }

    private void forward(int[] tokens) {
        double[][] x = new double[tokens.length][c.width()];
        for (int p = 0; p < tokens.length; p++) {
            for (int i = 0; i < c.width(); i++) {
                x[p][i] = weight(w.tokens(), tokens[p], i) + weight(w.positions(), p, i);
            }
        }
        for (int l = 0; l < c.layers(); l++) {
            Weights.Block b = w.blocks().get(l);
            String block = "blocks." + l + ".";
            x = hook(block + "hook_resid_pre", x);
            double[][] n = norm(x, b.norm1());
            double[][] q = hook(block + "attn.hook_q", linear(n, b.query()));
            double[][] k = hook(block + "attn.hook_k", linear(n, b.key()));
            double[][] v = hook(block + "attn.hook_v", linear(n, b.value()));
            double[][] z = hook(block + "attn.hook_z", attend(q, k, v));
            x = add(x, hook(block + "hook_attn_out", linear(z, b.attentionOut())));
            double[][] read = hook(block + "hook_mlp_in", x);
            double[][] h = linear(norm(read, b.norm2()), b.mlpIn());
            for (double[] row : h) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = Math.max(0, row[i]);
                }
            }
            x = add(x, hook(block + "hook_mlp_out", linear(h, b.mlpOut())));
        }
        double[][] last = norm(x, w.finalNorm());
        double[][] logits = new double[tokens.length][c.vocabulary()];
        for (int p = 0; p < tokens.length; p++) {
            for (int t = 0; t < c.vocabulary(); t++) {
                for (int i = 0; i < c.width(); i++) {
                    logits[p][t] += last[p][i] * weight(w.unembedding(), i, t);
                }
            }
        }
        seen.put("logits", logits);
    }

    private double weight(Tensor tensor, int row, int column) {
        return Objects.requireNonNull(views.get(tensor)).at(row, column);
    }

    private double[][] norm(double[][] x, Affine affine) {
        double[][] y = copy(x);
        for (double[] row : y) {
            double mean = 0;
            for (double value : row) {
                mean += value / row.length;
            }
            double variance = 0;
            for (double value : row) {
                variance += (value - mean) * (value - mean) / row.length;
            }
            for (int i = 0; i < row.length; i++) {
                double value = (row[i] - mean) / Math.sqrt(variance + c.epsilon());
                row[i] = value * weight(affine.weight(), 0, i) + weight(affine.bias(), 0, i);
            }
        }
        return y;
    }

    private double[][] linear(double[][] x, Affine affine) {
        int columns = affine.weight().columns();
        double[][] y = new double[x.length][columns];
        for (int p = 0; p < x.length; p++) {
            for (int o = 0; o < columns; o++) {
                y[p][o] = weight(affine.bias(), 0, o);
                for (int i = 0; i < x[p].length; i++) {
                    y[p][o] += x[p][i] * weight(affine.weight(), i, o);
                }
            }
        }
        return y;
    }

    private double[][] attend(double[][] q, double[][] k, double[][] v) {
        int width = c.headWidth();
        double[][] z = new double[q.length][c.width()];
        for (int head = 0; head < c.heads(); head++) {
            for (int query = 0; query < q.length; query++) {
                double[] weights = new double[query + 1];
                double sum = 0;
                for (int key = 0; key <= query; key++) {
                    double score = 0;
                    for (int i = head * width; i < (head + 1) * width; i++) {
                        score += q[query][i] * k[key][i] / Math.sqrt(width);
                    }
                    weights[key] = Math.exp(score);
                    sum += weights[key];
                }
                for (int key = 0; key <= query; key++) {
                    for (int i = head * width; i < (head + 1) * width; i++) {
                        z[query][i] += weights[key] / sum * v[key][i];
                    }
                }
            }
        }
        return z;
    }

    private static double[][] add(double[][] a, double[][] b) {
        double[][] sum = copy(a);
        for (int p = 0; p < a.length; p++) {
            for (int i = 0; i < a[p].length; i++) {
                sum[p][i] += b[p][i];
            }
        }
        return sum;
    }
}
