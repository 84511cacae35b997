package dev.weir.bench;

import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;

/** How much of the stream is traced, to memory, while the clock runs. */
public enum Watching {
    /** Nothing. */
    OFF("off", ""),
    /** The stream itself, before, between and after the branches of every block. */
    RESID("resid", "resid_pre,resid_mid,resid_post"),
    /** Every point of a forward pass. */
    ALL("all", "*");

    private final String label;
    private final String selectors;

    Watching(String label, String selectors) {
        this.label = label;
        this.selectors = selectors;
    }

    /** As the command line spells it. */
    public String label() {
        return label;
    }

    Hooks hooks(Weir weir) {
        return selectors.isEmpty() ? Hooks.NONE : weir.select(selectors);
    }
}
