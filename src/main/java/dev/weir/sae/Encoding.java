package dev.weir.sae;

import dev.weir.sae.Normalization.Frame;
import java.util.Comparator;
import java.util.List;

/** One row of a stream as features: those that are not zero, ascending, and what it takes to make a row of them again. */
public final class Encoding {

    private final Frame frame;
    private final List<Activation> active;

    Encoding(Frame frame, List<Activation> active) {
        this.frame = frame;
        this.active = List.copyOf(active);
    }

    Frame frame() {
        return frame;
    }

    /** Every feature that is not zero, ascending. */
    public List<Activation> active() {
        return active;
    }

    /** The strongest, the strongest first; fewer where fewer are active. */
    public List<Activation> top(int count) {
        return active.stream()
                .sorted(Comparator.comparing(Activation::value).reversed())
                .limit(count)
                .toList();
    }

    /** How strongly a feature is active; 0 where it is not. */
    public float at(int feature) {
        return active.stream()
                .filter(a -> a.feature() == feature)
                .map(Activation::value)
                .findFirst()
                .orElse(0f);
    }
}
