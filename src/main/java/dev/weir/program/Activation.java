package dev.weir.program;

/** The function between the two halves of an MLP. Names are those of a GPT-2 {@code config.json}. */
public enum Activation {
    /** 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): the approximation that GPT-2 was trained with. */
    GELU_NEW("gelu_new"),
    /** x Phi(x), Phi the normal distribution (Hendrycks and Gimpel 2016). */
    GELU("gelu"),
    /** max(x, 0) */
    RELU("relu");

    private final String label;

    Activation(String label) {
        this.label = label;
    }

    /** As {@code activation_function} spells it. */
    public String label() {
        return label;
    }
}
