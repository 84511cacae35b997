package dev.weir.hook;

/**
 * A kind of hook point, in the order in which a forward pass reaches them. Names, shapes and meanings are TransformerLens';
 * {@code docs/hooks.md} has the table.
 */
public enum Site {
    EMBED(Stage.BEFORE, "hook_embed", Form.WIDTH, "token embedding"),
    POS_EMBED(Stage.BEFORE, "hook_pos_embed", Form.WIDTH, "learned positions"),

    RESID_PRE(Stage.BLOCK, "hook_resid_pre", Form.WIDTH, "the stream entering the block"),
    LN1_SCALE(Stage.BLOCK, "ln1.hook_scale", Form.ONE, "divisor of the first norm, sqrt(variance + epsilon)"),
    LN1_NORMALIZED(Stage.BLOCK, "ln1.hook_normalized", Form.WIDTH, "centred and divided, before weight and bias"),
    Q(Stage.BLOCK, "attn.hook_q", Form.HEADS, "queries, after bias"),
    K(Stage.BLOCK, "attn.hook_k", Form.KEY_HEADS, "keys, after bias"),
    V(Stage.BLOCK, "attn.hook_v", Form.KEY_HEADS, "values, after bias"),
    ATTN_SCORES(Stage.BLOCK, "attn.hook_attn_scores", Form.SQUARE, "scaled and masked, before softmax"),
    PATTERN(Stage.BLOCK, "attn.hook_pattern", Form.SQUARE, "after softmax"),
    Z(Stage.BLOCK, "attn.hook_z", Form.HEADS, "pattern @ v"),
    RESULT(Stage.BLOCK, "attn.hook_result", Form.HEADS_BY_WIDTH, "each head's part of attn_out, without bias"),
    ATTN_OUT(Stage.BLOCK, "hook_attn_out", Form.WIDTH, "what attention adds to the stream"),
    ATTN_SKIP(Stage.BLOCK, "hook_attn_skip", Form.WIDTH, "the stream as it passes attention, into the sum"),
    RESID_MID(Stage.BLOCK, "hook_resid_mid", Form.WIDTH, "resid_pre + attn_out"),
    MLP_IN(Stage.BLOCK, "hook_mlp_in", Form.WIDTH, "the stream as the second norm reads it"),
    LN2_SCALE(Stage.BLOCK, "ln2.hook_scale", Form.ONE, "divisor of the second norm"),
    LN2_NORMALIZED(Stage.BLOCK, "ln2.hook_normalized", Form.WIDTH, "centred and divided, before weight and bias"),
    MLP_PRE(Stage.BLOCK, "mlp.hook_pre", Form.HIDDEN, "before the activation"),
    MLP_POST(Stage.BLOCK, "mlp.hook_post", Form.HIDDEN, "after the activation"),
    MLP_OUT(Stage.BLOCK, "hook_mlp_out", Form.WIDTH, "what the MLP adds to the stream"),
    MLP_SKIP(Stage.BLOCK, "hook_mlp_skip", Form.WIDTH, "the stream as it passes the MLP, into the sum"),
    RESID_POST(Stage.BLOCK, "hook_resid_post", Form.WIDTH, "the stream leaving the block"),

    LN_FINAL_SCALE(Stage.AFTER, "ln_final.hook_scale", Form.ONE, "divisor of the final norm"),
    LN_FINAL_NORMALIZED(Stage.AFTER, "ln_final.hook_normalized", Form.WIDTH, "before weight and bias"),
    UNEMBED_IN(Stage.AFTER, "unembed.hook_in", Form.WIDTH, "after the final norm's weight and bias"),
    UNEMBED_OUT(Stage.AFTER, "unembed.hook_out", Form.VOCABULARY, "the logits");

    /** Where in the forward pass a site lies. */
    enum Stage {
        BEFORE,
        BLOCK,
        AFTER
    }

    /** The shape of what is seen, per row or, for {@link #SQUARE}, per head and query. */
    public enum Form {
        /** [B, P, D] */
        WIDTH,
        /** [B, P, 1] */
        ONE,
        /** [B, P, H, dh] */
        HEADS,
        /** [B, P, Hkv, dh] */
        KEY_HEADS,
        /** [B, P, H, D] */
        HEADS_BY_WIDTH,
        /** [B, H, Q, K] */
        SQUARE,
        /** [B, P, M] */
        HIDDEN,
        /** [B, P, V] */
        VOCABULARY
    }

    private final Stage stage;
    private final String suffix;
    private final Form form;
    private final String meaning;

    Site(Stage stage, String suffix, Form form, String meaning) {
        this.stage = stage;
        this.suffix = suffix;
        this.form = form;
        this.meaning = meaning;
    }

    Stage stage() {
        return stage;
    }

    /** Whether there is one in every block. */
    public boolean inBlock() {
        return stage == Stage.BLOCK;
    }

    /** The name, or what follows {@code blocks.{l}.} in it. */
    public String suffix() {
        return suffix;
    }

    /** The shape of its values. */
    public Form form() {
        return form;
    }

    /** In a few words, for listings. */
    public String meaning() {
        return meaning;
    }

    /** The residual stream itself, between its branches. */
    public boolean isResidual() {
        return this == RESID_PRE || this == RESID_MID || this == RESID_POST;
    }

    /** Whether the values of one row are heads one after another, which an edit may tell apart. */
    public boolean hasHeads() {
        return form == Form.HEADS || form == Form.KEY_HEADS || form == Form.SQUARE;
    }

    /**
     * Whether only a selector that says its {@link #word} selects it. The results of heads cost an op and are large; the others are
     * places to write at, where there is nothing to see that another point does not show.
     */
    public boolean onRequestOnly() {
        return !word().isEmpty();
    }

    /** What a selector must say to select a site that is on request only. */
    String word() {
        return switch (this) {
            case RESULT -> "result";
            case ATTN_SKIP, MLP_SKIP -> "skip";
            case MLP_IN -> "mlp_in";
            default -> "";
        };
    }
}
