package dev.weir.program;

import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything that a machine must be able to do. A machine that misses one does not compile. R is the number of rows of a step.
 *
 * <p>The order in which each reduces is part of its meaning; {@code docs/numerics.md} has it.
 */
public sealed interface Op {

    /** What it makes, always. A tensor of role STATE is changed in place. */
    List<Tensor> outs();

    /** What it can also show, written only where the plan gives it a place. */
    default List<Tensor> asides() {
        return List.of();
    }

    /** What it reads. */
    List<Tensor> ins();

    /** One word for listings. */
    default String name() {
        return getClass().getSimpleName();
    }

    /** An op as the forward page writes it, or lowering in its place: not yet fused, so its parts can be exchanged. */
    sealed interface Plain extends Op {}

    /** out[r] = table[ids[r]] */
    record Embed(Tensor out, Tensor table, Tensor ids) implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(out);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(table, ids);
        }
    }

    /** out = a + b */
    record Add(Tensor out, Tensor a, Tensor b) implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(out);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(a, b);
        }
    }

    /**
     * Layer normalisation of each row (Ba, Kiros and Hinton 2016): scale = sqrt(mean((x - mean(x))^2) + epsilon), normalized =
     * (x - mean(x)) / scale, out = normalized * weight + bias.
     */
    record LayerNorm(Tensor out, Tensor scale, Tensor normalized, Tensor x, Tensor weight, Tensor bias, float epsilon)
            implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(out);
        }

        @Override
        public List<Tensor> asides() {
            return List.of(scale, normalized);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(x, weight, bias);
        }
    }

    /** out[r][n] = sum over k of x[r][k] * weight[k][n], then + bias[n] if there is one. */
    record Linear(Tensor out, Tensor x, Tensor weight, Optional<Tensor> bias) implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(out);
        }

        @Override
        public List<Tensor> ins() {
            return Stream.concat(Stream.of(x, weight), bias.stream()).toList();
        }
    }

    /** out = function(x), element by element. */
    record Activate(Tensor out, Tensor x, Activation function) implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(out);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(x);
        }
    }

    /** cache[slots[r]][positions[r]] = x[r]: keys or values of one layer, in the row of the cache that the pages say. */
    record Append(Tensor cache, Tensor x, Tensor slots, Tensor positions, Pages pages, CacheKind kind)
            implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(cache);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(x, slots, positions, pages.table());
        }
    }

    /** Which half of a key-value cache; machines lay the two out differently. */
    enum CacheKind {
        KEYS,
        VALUES
    }

    /**
     * Causal attention of each query row over its slot's cache, up to the row's position (Vaswani et al. 2017). For each head:
     * scores[j] = scale * q . keys[j], pattern = softmax(scores), z = sum over j of pattern[j] * values[j]. Scores and pattern are
     * [R, heads x K]; a key after the row's position scores minus infinity.
     */
    record Attention(
            Tensor z,
            Tensor scores,
            Tensor pattern,
            Tensor q,
            Tensor keys,
            Tensor values,
            Tensor slots,
            Tensor positions,
            Pages pages,
            int heads,
            float scale)
            implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(z);
        }

        @Override
        public List<Tensor> asides() {
            return List.of(scores, pattern);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(q, keys, values, slots, positions, pages.table());
        }

        /** dh, the width of one head. */
        public int headWidth() {
            return q.columns() / heads;
        }
    }

    /**
     * Each head's part of the attention output: out[r][h] = z[r][h] @ weight[h], without bias, [R, heads x D]. Written by every
     * forward page; it survives lowering only when somebody looks.
     */
    record HeadResults(Tensor out, Tensor z, Tensor weight, int heads) implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(out);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(z, weight);
        }
    }

    /** out[i] = x[rows[i]]: the rows whose logits are wanted. */
    record SelectRows(Tensor out, Tensor x, Tensor rows) implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(out);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(x, rows);
        }
    }

    /**
     * The next token of each wanted row, chosen from its logits as the sampler of its slot says: chosen[o] = the token, or -1 - t
     * where the logit of token t is the first that is NaN. A sampler with a penalty remembers the token in seen. {@code
     * docs/numerics.md} has every step; the same logits and the same sampler give the same token on any machine.
     *
     * @param chosen int32 [O, 1]
     * @param seen int32 [slots, V]: odd where a token was in the prompt or was chosen, and twice how often it was chosen; kept by
     *     samplers with a penalty
     * @param logits [O, V]
     * @param samplers int32 [slots, {@value SamplerSettings#WORDS}], see {@link SamplerSettings}
     * @param biases [slots, V], the bits of float32: what samplers with biases add to logits
     * @param outputs the rows that the logits belong to
     */
    record Sample(
            Tensor chosen,
            Tensor seen,
            Tensor logits,
            Tensor samplers,
            Tensor biases,
            Tensor slots,
            Tensor positions,
            Tensor outputs)
            implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(chosen, seen);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(logits, samplers, biases, slots, positions, outputs);
        }
    }

    /**
     * scores[r][h][j] = scale * q[r][h] . keys[j] for the keys j up to the row's position, and minus infinity for those after it, [R,
     * heads x K]: the first part of an {@link Attention} that an edit has opened.
     */
    record AttentionScores(
            Tensor scores, Tensor q, Tensor keys, Tensor slots, Tensor positions, Pages pages, int heads, float scale)
            implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(scores);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(q, keys, slots, positions, pages.table());
        }

        /** dh, the width of one head. */
        public int headWidth() {
            return q.columns() / heads;
        }

        /** K, the keys that there is room for. */
        public int shownKeys() {
            return scores.columns() / heads;
        }
    }

    /** pattern = softmax of each head's scores of the keys up to the row's position, and 0 after it, [R, heads x K]. */
    record AttentionPattern(Tensor pattern, Tensor scores, Tensor positions, int heads) implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(pattern);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(scores, positions);
        }

        /** K, the keys that there is room for. */
        public int shownKeys() {
            return pattern.columns() / heads;
        }
    }

    /**
     * z[r][h] = sum over the keys j up to the row's position of pattern[r][h][j] * values[j]; keys after it are never multiplied.
     */
    record AttentionMix(Tensor z, Tensor pattern, Tensor values, Tensor slots, Tensor positions, Pages pages, int heads)
            implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(z);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(pattern, values, slots, positions, pages.table());
        }

        /** dh, the width of one head. */
        public int headWidth() {
            return z.columns() / heads;
        }

        /** K, the keys that there is room for. */
        public int shownKeys() {
            return pattern.columns() / heads;
        }
    }

    /**
     * A place where a caller may look or write. Lowering replaces it; no machine ever runs one.
     *
     * @param heads that the columns are, one after another; 1 where they are not heads
     */
    record Hook(Tensor out, Tensor x, HookPoint point, int heads) implements Plain {
        @Override
        public List<Tensor> outs() {
            return List.of(out);
        }

        @Override
        public List<Tensor> ins() {
            return List.of(x);
        }
    }

    /**
     * An edit. It changes the rows whose position p is in [from, to) of the controls of their slot, of these the columns of the heads
     * that are named there, and copies everything else; s is the strength there, v row min(p, P - 1) of the operand. See {@link
     * EditState}.
     */
    sealed interface Edited extends Op {
        /** [R, C] */
        Tensor out();

        /** [R, C] */
        Tensor x();

        /** float32 [P, C], state; none to scale. */
        Optional<Tensor> operand();

        /** int32 [slots, {@value EditState#WORDS}], state. */
        Tensor controls();

        /** The heads that the columns are, one after another: 1 where there are none to tell apart, {@link Heads#MAX} at most. */
        int groups();

        /** The slot of each row. */
        Tensor slots();

        /** The position of each row. */
        Tensor positions();

        @Override
        default List<Tensor> outs() {
            return List.of(out());
        }

        /** What only edits read: machines reserve it with the plan. */
        default List<Tensor> state() {
            return Stream.concat(operand().stream(), Stream.of(controls())).toList();
        }

        @Override
        default List<Tensor> ins() {
            return Stream.of(List.of(x()), state(), List.of(slots(), positions()))
                    .flatMap(List::stream)
                    .toList();
        }
    }

    /** out = x + s v */
    record AddVector(Tensor out, Tensor x, Tensor vector, Tensor controls, Tensor slots, Tensor positions, int groups)
            implements Edited {
        @Override
        public Optional<Tensor> operand() {
            return Optional.of(vector);
        }
    }

    /** out = s x */
    record Scale(Tensor out, Tensor x, Tensor controls, Tensor slots, Tensor positions, int groups) implements Edited {
        @Override
        public Optional<Tensor> operand() {
            return Optional.empty();
        }
    }

    /** out = v */
    record ReplaceRows(Tensor out, Tensor x, Tensor rows, Tensor controls, Tensor slots, Tensor positions, int groups)
            implements Edited {
        @Override
        public Optional<Tensor> operand() {
            return Optional.of(rows);
        }
    }

    /** out = x - s (x . v) v, the product over the whole row */
    record ProjectOut(
            Tensor out, Tensor x, Tensor direction, Tensor controls, Tensor slots, Tensor positions, int groups)
            implements Edited {
        @Override
        public Optional<Tensor> operand() {
            return Optional.of(direction);
        }
    }

    /** Add, then LayerNorm of the sum: the residual addition and the norm after it in one pass over memory. */
    record AddLayerNorm(Add add, LayerNorm norm) implements Op {
        @Override
        public List<Tensor> outs() {
            return List.of(add.out(), norm.out());
        }

        @Override
        public List<Tensor> asides() {
            return norm.asides();
        }

        @Override
        public List<Tensor> ins() {
            return List.of(add.a(), add.b(), norm.weight(), norm.bias());
        }
    }

    /** Linear, then Activate of its result, which is itself written only when somebody looks. */
    record LinearActivate(Linear linear, Activate activate) implements Op {
        @Override
        public List<Tensor> outs() {
            return List.of(activate.out());
        }

        @Override
        public List<Tensor> asides() {
            return List.of(linear.out());
        }

        @Override
        public List<Tensor> ins() {
            return linear.ins();
        }
    }

    /** Several Linears of the same input: queries, keys and values. */
    record LinearGroup(List<Linear> linears) implements Op {
        public LinearGroup {
            linears = List.copyOf(linears);
        }

        @Override
        public List<Tensor> outs() {
            return linears.stream().map(Linear::out).toList();
        }

        @Override
        public List<Tensor> ins() {
            return linears.stream().flatMap(l -> l.ins().stream()).distinct().toList();
        }
    }
}
