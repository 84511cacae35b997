package dev.weir.sae;

import java.util.Arrays;
import java.util.Optional;

/** What makes features of W_enc's products, named as SAELens names it. */
public enum Architecture {
    /** max(0, x) */
    STANDARD("standard"),
    /** The k largest of a row, and of these what is above zero. Source: Gao et al., "Scaling and evaluating sparse autoencoders", 2024. */
    TOPK("topk"),
    /** x where it is above zero and above its feature's threshold. Source: Rajamanoharan et al., "Jumping ahead", 2024. */
    JUMPRELU("jumprelu");

    private final String label;

    Architecture(String label) {
        this.label = label;
    }

    /** As {@code cfg.json} spells it. */
    public String label() {
        return label;
    }

    static Optional<Architecture> labelled(String label) {
        return Arrays.stream(values()).filter(a -> a.label.equals(label)).findFirst();
    }
}
