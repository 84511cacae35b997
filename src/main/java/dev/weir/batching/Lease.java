package dev.weir.batching;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The pages of one request, in the order of its positions: first those that it shares, then its own. */
final class Lease {

    private final List<Prefix> shared;
    private final int found;
    private final List<Integer> own;
    private boolean isPrivate;

    /**
     * Pages for a request.
     *
     * @param shared that others have computed, in use by now
     * @param own that it will write
     */
    Lease(List<Prefix> shared, List<Integer> own) {
        this.shared = new ArrayList<>(shared);
        this.found = shared.size();
        this.own = new ArrayList<>(own);
    }

    /** Pages that were there when the request began. */
    int found() {
        return found;
    }

    /** Every page by its number. */
    int[] pages() {
        var pages = new ArrayList<Integer>();
        shared.forEach(prefix -> pages.add(prefix.page()));
        pages.addAll(own);
        return pages.stream().mapToInt(Integer::intValue).toArray();
    }

    List<Prefix> shared() {
        return Collections.unmodifiableList(shared);
    }

    List<Integer> own() {
        return Collections.unmodifiableList(own);
    }

    /** Whether what it computes from now on is for itself alone. */
    boolean isPrivate() {
        return isPrivate;
    }

    /** Others have pages like its own; it keeps those to itself. */
    void becomePrivate() {
        isPrivate = true;
    }

    /** The first of its own pages is now one that others may read. */
    void share(Prefix prefix) {
        own.removeFirst();
        shared.add(prefix);
    }
}
