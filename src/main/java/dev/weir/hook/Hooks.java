package dev.weir.hook;

import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a caller wants to see and to change. A tap sees the value that flows on, so after an edit at its point.
 *
 * @param taps the points to see, and at which positions
 * @param edits the points to change
 */
public record Hooks(SortedMap<HookPoint, Positions> taps, SortedMap<HookPoint, Edit> edits) {

    /** Nothing seen, nothing changed. */
    public static final Hooks NONE = new Hooks(new TreeMap<>(), new TreeMap<>());

    public Hooks {
        taps = Collections.unmodifiableSortedMap(new TreeMap<>(taps));
        edits = Collections.unmodifiableSortedMap(new TreeMap<>(edits));
    }

    /** Sees these points at every position. */
    public static Hooks tap(Collection<HookPoint> points) {
        var taps = new TreeMap<HookPoint, Positions>();
        points.forEach(p -> taps.put(p, Positions.ALL));
        return new Hooks(taps, new TreeMap<>());
    }

    /** Sees what the selectors name, see {@link Selector}. */
    public static Hooks select(String selectors, Collection<HookPoint> available) {
        return new Hooks(Selector.select(selectors, available), new TreeMap<>());
    }

    /** Changes one point. */
    public static Hooks edit(HookPoint point, Edit edit) {
        return NONE.withEdit(point, edit);
    }

    /** These hooks and one more edit. */
    public Hooks withEdit(HookPoint point, Edit edit) {
        var more = new TreeMap<>(edits);
        more.put(point, edit);
        return new Hooks(taps, more);
    }

    /** The edits of one kind. */
    public <E extends Edit> SortedMap<HookPoint, E> edits(Class<E> kind) {
        var some = new TreeMap<HookPoint, E>();
        edits.forEach((point, edit) -> {
            if (kind.isInstance(edit)) {
                some.put(point, kind.cast(edit));
            }
        });
        return some;
    }

    /** Every point that is seen or changed, in forward order. */
    public Set<HookPoint> points() {
        var points = new TreeSet<>(taps.keySet());
        points.addAll(edits.keySet());
        return points;
    }
}
