package dev.weir.batching;

import dev.weir.hook.HookPoint;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of a text, one whole page longer than its parent's. Its page holds the keys and values of the last of its tokens; every
 * prompt that begins with all of them may read it.
 */
final class Prefix {

    private final @Nullable Prefix parent;
    private final List<Integer> tokens;
    private final int page;
    private final Map<List<Integer>, Prefix> longer = new HashMap<>();
    private final Map<HookPoint, float[]> traced = new HashMap<>();
    private int users;
    private long newestUse;

    private Prefix(@Nullable Prefix parent, List<Integer> tokens, int page) {
        this.parent = parent;
        this.tokens = tokens;
        this.page = page;
    }

    /** The beginning of every text: no token and no page. */
    static Prefix empty() {
        return new Prefix(null, List.of(), -1);
    }

    /** This and so many more tokens, if they are known. */
    @Nullable Prefix longer(List<Integer> next) {
        return longer.get(next);
    }

    /** This and a page of further tokens. */
    Prefix grow(List<Integer> next, int nextPage) {
        List<Integer> own = List.copyOf(next);
        var grown = new Prefix(this, own, nextPage);
        longer.put(own, grown);
        return grown;
    }

    /** Nobody will find it any more. */
    void forget() {
        if (parent != null) {
            parent.longer.remove(tokens);
        }
    }

    int page() {
        return page;
    }

    /** Whether no request reads it and nothing longer is kept. */
    boolean isFree() {
        return users == 0 && longer.isEmpty();
    }

    /** Whether no request reads it. A request that reads a prefix reads all shorter ones too. */
    boolean isUnused() {
        return users == 0;
    }

    void use(long now) {
        users++;
        newestUse = now;
    }

    void release() {
        users--;
    }

    long newestUse() {
        return newestUse;
    }

    /** What was traced of its page's rows, [rows of a page, columns] each. */
    Map<HookPoint, float[]> traced() {
        return Collections.unmodifiableMap(traced);
    }

    boolean shows(Set<HookPoint> points) {
        return traced.keySet().containsAll(points);
    }

    /** Keeps what was traced of its page. */
    void show(Map<HookPoint, float[]> rows) {
        rows.forEach(traced::putIfAbsent);
    }

    /** The bytes of what was traced. */
    long tracedBytes() {
        return traced.values().stream()
                .mapToLong(rows -> (long) rows.length * Float.BYTES)
                .sum();
    }
}
