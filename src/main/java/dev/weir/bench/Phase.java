package dev.weir.bench;

/** What a step does: read a prompt, or make one token more. */
public enum Phase {
    /** Many rows of one sequence in a step. Limited by arithmetic. */
    PREFILL("prefill"),
    /** One row of every sequence in a step. Limited by memory. */
    DECODE("decode");

    private final String label;

    Phase(String label) {
        this.label = label;
    }

    /** As results spell it. */
    public String label() {
        return label;
    }
}
