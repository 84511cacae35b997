package dev.weir.model;

import static dev.weir.hook.Site.ATTN_OUT;
import static dev.weir.hook.Site.ATTN_SCORES;
import static dev.weir.hook.Site.ATTN_SKIP;
import static dev.weir.hook.Site.EMBED;
import static dev.weir.hook.Site.K;
import static dev.weir.hook.Site.LN1_NORMALIZED;
import static dev.weir.hook.Site.LN1_SCALE;
import static dev.weir.hook.Site.LN2_NORMALIZED;
import static dev.weir.hook.Site.LN2_SCALE;
import static dev.weir.hook.Site.LN_FINAL_NORMALIZED;
import static dev.weir.hook.Site.LN_FINAL_SCALE;
import static dev.weir.hook.Site.MLP_IN;
import static dev.weir.hook.Site.MLP_OUT;
import static dev.weir.hook.Site.MLP_POST;
import static dev.weir.hook.Site.MLP_PRE;
import static dev.weir.hook.Site.MLP_SKIP;
import static dev.weir.hook.Site.PATTERN;
import static dev.weir.hook.Site.POS_EMBED;
import static dev.weir.hook.Site.Q;
import static dev.weir.hook.Site.RESID_MID;
import static dev.weir.hook.Site.RESID_POST;
import static dev.weir.hook.Site.RESID_PRE;
import static dev.weir.hook.Site.RESULT;
import static dev.weir.hook.Site.UNEMBED_IN;
import static dev.weir.hook.Site.UNEMBED_OUT;
import static dev.weir.hook.Site.V;
import static dev.weir.hook.Site.Z;

import dev.weir.model.Ending.Until;
import dev.weir.program.Inputs;
import dev.weir.program.Op.CacheKind;
import dev.weir.program.Program;
import dev.weir.program.ProgramWriter;
import dev.weir.tensor.Tensor;

/** The forward pass of GPT-2. Everything the engine does, on every machine and in every phase, is written here and nowhere else. */
public final class Gpt2Forward {

    private Gpt2Forward() {}

    /** Writes the pass that makes the logits of the wanted rows of one step. */
    public static Program write(ModelConfig c, Weights w, State s) {
        return write(c, w, s, Ending.LOGITS);
    }

    /** Writes the pass over the rows of one step; {@code docs/forward.md} annotates it with shapes. */
    public static Program write(ModelConfig c, Weights w, State s, Ending ending) {
        var p = new ProgramWriter(s.inputs());

        Tensor token = p.hook(EMBED, p.embed(w.tokens(), s.inputs().tokens()));
        Tensor position = p.hook(POS_EMBED, p.embed(w.positions(), s.inputs().positions()));
        Tensor x = p.add(token, position);

        for (int l = 0; l < c.layers(); l++) {
            var b = w.blocks().get(l);
            var cache = s.caches().get(l);

            x = p.hook(l, RESID_PRE, x);

            var n = p.layerNorm(x, b.norm1(), c.epsilon());
            p.hook(l, LN1_SCALE, n.scale());
            p.hook(l, LN1_NORMALIZED, n.normalized());

            Tensor q = p.hook(l, Q, p.linear(n.out(), b.query()), c.heads());
            Tensor k = p.hook(l, K, p.linear(n.out(), b.key()), c.heads());
            Tensor v = p.hook(l, V, p.linear(n.out(), b.value()), c.heads());

            Tensor keys = p.append(cache.keys(), k, s.pages(), CacheKind.KEYS);
            Tensor values = p.append(cache.values(), v, s.pages(), CacheKind.VALUES);
            var a = p.attention(q, keys, values, s.pages(), c.heads(), s.shownKeys(), c.attentionScale(l));
            p.hook(l, ATTN_SCORES, a.scores(), c.heads());
            p.hook(l, PATTERN, a.pattern(), c.heads());
            Tensor z = p.hook(l, Z, a.z(), c.heads());
            p.hook(l, RESULT, p.headResults(z, b.attentionOut().weight(), c.heads()));

            Tensor attnOut = p.hook(l, ATTN_OUT, p.linear(z, b.attentionOut()));
            x = p.hook(l, RESID_MID, p.add(p.hook(l, ATTN_SKIP, x), attnOut));

            n = p.layerNorm(p.hook(l, MLP_IN, x), b.norm2(), c.epsilon());
            p.hook(l, LN2_SCALE, n.scale());
            p.hook(l, LN2_NORMALIZED, n.normalized());

            Tensor pre = p.hook(l, MLP_PRE, p.linear(n.out(), b.mlpIn()));
            Tensor post = p.hook(l, MLP_POST, p.activate(pre, c.activation()));
            Tensor mlpOut = p.hook(l, MLP_OUT, p.linear(post, b.mlpOut()));
            x = p.hook(l, RESID_POST, p.add(p.hook(l, MLP_SKIP, x), mlpOut));
        }

        Tensor logits = unembed(p, x, c, w, ending.everyRow());
        return switch (ending.results()) {
            case LOGITS -> p.results(logits);
            case TOKENS -> p.results(p.sample(logits, s.samplers(), s.seen(), s.biases()));
            case TOKENS_AND_LOGITS -> p.results(p.sample(logits, s.samplers(), s.seen(), s.biases()), logits);
        };
    }

    /**
     * Writes the end of the pass alone, which makes of a stream that has left the last block the next token: what a logit lens looks
     * through. The stream is what an edit at the last block's {@code hook_resid_post} leaves there; what it finds is of no use.
     */
    public static Program writeEnd(ModelConfig c, Weights w, Inputs inputs) {
        var p = new ProgramWriter(inputs);
        Tensor x = p.hook(c.layers() - 1, RESID_POST, p.embed(w.tokens(), inputs.tokens()));
        return p.results(unembed(p, x, c, w, Until.BLOCKS));
    }

    /** The logits of the wanted rows, which are selected as soon as nobody looks at every row any more. */
    private static Tensor unembed(ProgramWriter p, Tensor stream, ModelConfig c, Weights w, Until everyRow) {
        Tensor wanted = p.inputs().outputs();
        Tensor x = everyRow == Until.BLOCKS ? p.select(stream, wanted) : stream;
        var n = p.layerNorm(x, w.finalNorm(), c.epsilon());
        p.hook(LN_FINAL_SCALE, n.scale());
        p.hook(LN_FINAL_NORMALIZED, n.normalized());
        Tensor last = p.hook(UNEMBED_IN, n.out());
        Tensor entering = everyRow == Until.NORM ? p.select(last, wanted) : last;
        Tensor logits = p.hook(UNEMBED_OUT, p.linear(entering, w.unembedding()));
        return everyRow == Until.LOGITS ? p.select(logits, wanted) : logits;
    }
}
