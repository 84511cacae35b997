package dev.weir.patching;

import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import java.util.Optional;

/** Where a path ends: what reads from the stream. */
public sealed interface Receiver {

    /** What a head reads for. */
    enum Reading {
        QUERY(Site.Q, "q"),
        KEY(Site.K, "k"),
        VALUE(Site.V, "v");

        private final Site site;
        private final String letter;

        Reading(Site site, String letter) {
            this.site = site;
            this.letter = letter;
        }
    }

    /** One head's queries, keys or values. */
    record Head(int layer, int head, Reading reading) implements Receiver {}

    /** An MLP, at {@code hook_mlp_in}. */
    record Mlp(int layer) implements Receiver {}

    /** The end of the model. */
    record Logits() implements Receiver {}

    /** The point at which it reads; the logits read at none that could be patched, for nothing comes after them. */
    default Optional<HookPoint> point() {
        return switch (this) {
            case Head h -> Optional.of(HookPoint.of(h.layer, h.reading.site));
            case Mlp m -> Optional.of(HookPoint.of(m.layer, Site.MLP_IN));
            case Logits l -> Optional.empty();
        };
    }

    /** The heads that read. */
    default Heads heads() {
        return switch (this) {
            case Head h -> Heads.of(h.head);
            case Mlp m -> Heads.ALL;
            case Logits l -> Heads.ALL;
        };
    }

    /** In a word, for titles: {@code 3.5.q}, {@code mlp.2}, {@code logits}. */
    default String label() {
        return switch (this) {
            case Head h -> h.layer + "." + h.head + "." + h.reading.letter;
            case Mlp m -> "mlp." + m.layer;
            case Logits l -> "logits";
        };
    }
}
