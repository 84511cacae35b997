package dev.weir.bench;

import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;

/** How much of the stream is traced, to memory, while the clock runs. */
public enum Watching {
    /** Nothing. */
    OFF("off"),
    /** The stream itself, before, between and after the branches of every block. */
    RESID("resid"),
    /** Every point of a forward pass but the logits: with those of every row a prefill does more arithmetic than without a trace. */
    ALL("all");

    private final String label;

    Watching(String label) {
        this.label = label;
    }

    /** As the command line spells it. */
    public String label() {
        return label;
    }

    Hooks hooks(Weir weir) {
        return switch (this) {
            case OFF -> Hooks.NONE;
            case RESID -> weir.select("resid_pre,resid_mid,resid_post");
            case ALL -> allButLogits(weir);
        };
    }

    private static Hooks allButLogits(Weir weir) {
        return Hooks.tap(weir.select("*").taps().keySet().stream()
                .filter(point -> !point.equals(HookPoint.of(Site.UNEMBED_OUT)))
                .toList());
    }
}
