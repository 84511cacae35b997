package dev.weir.patching;

import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;

/** Where a path begins: what writes to the stream. */
public sealed interface Sender {

    /** One head, at {@code attn.hook_z}. */
    record Head(int layer, int head) implements Sender {}

    /** An MLP, at {@code hook_mlp_out}. */
    record Mlp(int layer) implements Sender {}

    /** The point at which it writes. */
    default HookPoint point() {
        return switch (this) {
            case Head h -> HookPoint.of(h.layer, Site.Z);
            case Mlp m -> HookPoint.of(m.layer, Site.MLP_OUT);
        };
    }

    /** The heads that write. */
    default Heads heads() {
        return switch (this) {
            case Head h -> Heads.of(h.head);
            case Mlp m -> Heads.ALL;
        };
    }
}
