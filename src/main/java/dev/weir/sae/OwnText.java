package dev.weir.sae;

import dev.weir.engine.Sampling;
import dev.weir.engine.Session;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * What a model says when nobody asks it anything, and its stream meanwhile: something to learn from where there is no text. Texts begin
 * with the token given and are sampled without a filter, many at a time; one that ends is followed by another.
 */
record OwnText(Weir weir, HookPoint point, int begin, long seed) {

    private static final int AT_ONCE = 64;
    private static final int LONGEST = 256;

    /**
     * The stream of so many tokens, without that of the tokens with which texts begin.
     *
     * @param progress hears of tokens that are done
     * @return [tokens, columns of the point]
     */
    float[] stream(int tokens, IntConsumer progress) {
        int length = Math.min(LONGEST, weir.config().context());
        int columns = weir.config().dimensions().columns(point.site(), length);
        float[] stream = new float[Math.multiplyExact(tokens, columns)];
        Set<Integer> ends = weir.defaults().endOfText();
        int[] next = new int[AT_ONCE];
        Arrays.fill(next, begin);
        int done = 0;
        try (Session session = weir.session(AT_ONCE, length)) {
            for (int slot = 0; slot < AT_ONCE; slot++) {
                session.sample(slot, new Sampling(false, 1, 1, 0, 1, 0, seed + slot), List.of());
            }
            while (done < tokens) {
                Rows rows = rows(session, next);
                Session.StepResult result = session.choose(rows, Hooks.tap(List.of(point)));
                MemorySegment tapped = result.tapped(point);
                int before = done;
                for (int slot = 0; slot < AT_ONCE; slot++) {
                    if (rows.positions()[slot] > 0 && done < tokens) {
                        long at = (long) slot * columns * Float.BYTES;
                        MemorySegment.copy(tapped, ValueLayout.JAVA_FLOAT, at, stream, done++ * columns, columns);
                    }
                    next[slot] = result.token(slot);
                    if (ends.contains(next[slot]) || session.length(slot) == length) {
                        session.reset(slot);
                        next[slot] = begin;
                    }
                }
                progress.accept(done - before);
            }
        }
        return stream;
    }

    private static Rows rows(Session session, int[] next) {
        int[] slots = new int[next.length];
        int[] positions = new int[next.length];
        for (int slot = 0; slot < next.length; slot++) {
            slots[slot] = slot;
            positions[slot] = session.length(slot);
        }
        return new Rows(slots, positions, next.clone(), slots);
    }
}
