package dev.weir.program;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes ops one after another. It computes shapes and nothing else. */
public final class ProgramWriter {

    /** A weight and a bias. */
    public record Affine(Tensor weight, Tensor bias) {}

    /** What a norm makes and shows. */
    public record Normed(Tensor out, Tensor scale, Tensor normalized) {}

    /** What attention makes and shows. */
    public record Attended(Tensor z, Tensor scores, Tensor pattern) {}

    private static final int FIRST_ID = 1 << 20; // weights and state are numbered below

    private final List<Op.Plain> ops = new ArrayList<>();
    private final Inputs inputs;
    private int nextId = FIRST_ID;

    /** An empty program that reads this of each step. */
    public ProgramWriter(Inputs inputs) {
        this.inputs = inputs;
    }

    /** What the program reads of a step. */
    public Inputs inputs() {
        return inputs;
    }

    /** See {@link Op.Embed}. */
    public Tensor embed(Tensor table, Tensor ids) {
        Tensor out = value("embed:" + table.name(), ids.rows(), table.columns());
        ops.add(new Op.Embed(out, table, ids));
        return out;
    }

    /** See {@link Op.Add}. */
    public Tensor add(Tensor a, Tensor b) {
        require(a.rows() == b.rows() && a.columns() == b.columns(), "add", a, b);
        Tensor out = value("add", a.rows(), a.columns());
        ops.add(new Op.Add(out, a, b));
        return out;
    }

    /** See {@link Op.LayerNorm}. */
    public Normed layerNorm(Tensor x, Affine affine, float epsilon) {
        require(x.columns() == affine.weight().columns(), "layerNorm", x, affine.weight());
        Tensor out = value("norm", x.rows(), x.columns());
        Tensor scale = value("norm.scale", x.rows(), 1);
        Tensor normalized = value("norm.normalized", x.rows(), x.columns());
        ops.add(new Op.LayerNorm(out, scale, normalized, x, affine.weight(), affine.bias(), epsilon));
        return new Normed(out, scale, normalized);
    }

    /** See {@link Op.Linear}. */
    public Tensor linear(Tensor x, Affine affine) {
        return linear(x, affine.weight(), Optional.of(affine.bias()));
    }

    /** A {@link Op.Linear} without a bias. */
    public Tensor linear(Tensor x, Tensor weight) {
        return linear(x, weight, Optional.empty());
    }

    private Tensor linear(Tensor x, Tensor weight, Optional<Tensor> bias) {
        require(x.columns() == weight.rows(), "linear", x, weight);
        Tensor out = value("linear:" + weight.name(), x.rows(), weight.columns());
        ops.add(new Op.Linear(out, x, weight, bias));
        return out;
    }

    /** See {@link Op.Activate}. */
    public Tensor activate(Tensor x, Activation function) {
        Tensor out = value(function.label(), x.rows(), x.columns());
        ops.add(new Op.Activate(out, x, function));
        return out;
    }

    /** See {@link Op.Append}. */
    public Tensor append(Tensor cache, Tensor x, Pages pages, Op.CacheKind kind) {
        require(cache.columns() == x.columns(), "append", cache, x);
        ops.add(new Op.Append(cache, x, inputs.slots(), inputs.positions(), pages, kind));
        return cache;
    }

    /**
     * See {@link Op.Attention}.
     *
     * @param shownKeys K, the keys that scores and pattern have room for
     */
    public Attended attention(
            Tensor q, Tensor keys, Tensor values, Pages pages, int heads, int shownKeys, float scale) {
        require(q.columns() % heads == 0 && q.columns() == keys.columns(), "attention", q, keys);
        Tensor z = value("attention", q.rows(), q.columns());
        Tensor scores = value("attention.scores", q.rows(), heads * shownKeys);
        Tensor pattern = value("attention.pattern", q.rows(), heads * shownKeys);
        ops.add(new Op.Attention(
                z, scores, pattern, q, keys, values, inputs.slots(), inputs.positions(), pages, heads, scale));
        return new Attended(z, scores, pattern);
    }

    /** See {@link Op.HeadResults}. */
    public Tensor headResults(Tensor z, Tensor weight, int heads) {
        require(z.columns() == weight.rows(), "headResults", z, weight);
        Tensor out = value("head_results", z.rows(), heads * weight.columns());
        ops.add(new Op.HeadResults(out, z, weight, heads));
        return out;
    }

    /** See {@link Op.SelectRows}. */
    public Tensor select(Tensor x, Tensor rows) {
        Tensor out = value("select", rows.rows(), x.columns());
        ops.add(new Op.SelectRows(out, x, rows));
        return out;
    }

    /**
     * See {@link Op.Sample}.
     *
     * @return the chosen tokens, int32 [O, 1]
     */
    public Tensor sample(Tensor logits, Tensor samplers, Tensor seen, Tensor biases) {
        require(logits.columns() == seen.columns(), "sample", logits, seen);
        require(biases.rows() == seen.rows() && biases.columns() == seen.columns(), "sample", biases, seen);
        require(
                samplers.columns() == SamplerSettings.WORDS && samplers.rows() == seen.rows(),
                "sample",
                samplers,
                seen);
        Tensor outputs = inputs.outputs();
        require(logits.rows() == outputs.rows(), "sample", logits, outputs);
        Tensor chosen = new Tensor(nextId++, "sample", DType.INT32, logits.rows(), 1, Tensor.Role.VALUE);
        ops.add(new Op.Sample(chosen, seen, logits, samplers, biases, inputs.slots(), inputs.positions(), outputs));
        return chosen;
    }

    /** A point outside the blocks. */
    public Tensor hook(Site site, Tensor x) {
        return hook(HookPoint.of(site), x, 1);
    }

    /** A point in block {@code layer}. What follows must read what this returns. */
    public Tensor hook(int layer, Site site, Tensor x) {
        return hook(HookPoint.of(layer, site), x, 1);
    }

    /** A point in block {@code layer} whose columns are so many heads, one after another. */
    public Tensor hook(int layer, Site site, Tensor x, int heads) {
        return hook(HookPoint.of(layer, site), x, heads);
    }

    private Tensor hook(HookPoint point, Tensor x, int heads) {
        Tensor out = value(point.name(), x.rows(), x.columns());
        ops.add(new Op.Hook(out, x, point, heads));
        return out;
    }

    /** The finished program. */
    public Program results(Tensor... results) {
        return new Program(inputs, ops, List.of(results));
    }

    private Tensor value(String name, int rows, int columns) {
        return new Tensor(nextId++, name, DType.FLOAT32, rows, columns, Tensor.Role.VALUE);
    }

    private static void require(boolean fits, String op, Tensor a, Tensor b) {
        if (!fits) {
            throw new IllegalArgumentException(op + ": " + a + " does not fit " + b);
        }
    }
}
