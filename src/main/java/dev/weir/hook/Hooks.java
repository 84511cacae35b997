package dev.weir.hook;

import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a caller wants to see and to change. A tap sees the value that flows on, so after the edits at its point.
 *
 * @param taps the points to see, and at which positions
 * @param edits the points to change, for every sequence alike
 */
public record Hooks(SortedMap<HookPoint, Positions> taps, Edits edits) {

    /** Nothing seen, nothing changed. */
    public static final Hooks NONE = new Hooks(new TreeMap<>(), Edits.NONE);

    public Hooks {
        taps = Collections.unmodifiableSortedMap(new TreeMap<>(taps));
    }

    /** Sees these points at every position. */
    public static Hooks tap(Collection<HookPoint> points) {
        var taps = new TreeMap<HookPoint, Positions>();
        points.forEach(p -> taps.put(p, Positions.ALL));
        return new Hooks(taps, Edits.NONE);
    }

    /** Sees what the selectors name, see {@link Selector}. */
    public static Hooks select(String selectors, Collection<HookPoint> available) {
        return new Hooks(Selector.select(selectors, available), Edits.NONE);
    }

    /** Changes one point. */
    public static Hooks edit(HookPoint point, Edit edit) {
        return edit(Edits.of(point, edit));
    }

    /** Changes some points. */
    public static Hooks edit(Edits edits) {
        return NONE.withEdits(edits);
    }

    /** These hooks and one more edit, which is made after the others. */
    public Hooks withEdit(HookPoint point, Edit edit) {
        return new Hooks(taps, edits.and(point, edit));
    }

    /** The same points seen, and these edits instead of the others. */
    public Hooks withEdits(Edits others) {
        return new Hooks(taps, others);
    }

    /** Every point that is seen or changed, in forward order. */
    public Set<HookPoint> points() {
        var points = new TreeSet<>(taps.keySet());
        points.addAll(edits.points());
        return points;
    }
}
