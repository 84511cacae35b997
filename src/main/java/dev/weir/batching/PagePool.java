package dev.weir.batching;

import dev.weir.hook.HookPoint;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The pages of keys and values: who has which, and which hold beginnings of texts that others may read (a tree of pages by their tokens,
 * as in Kwon et al., "PagedAttention", SOSP 2023, and Zheng et al., "SGLang", 2024). A request gets all that it may need at once or
 * nothing, so whatever began can finish. A prefix that nobody reads is kept until its page is needed, the one that was used least
 * recently first.
 */
final class PagePool {

    private final int pageRows;
    private final int pages;
    private final long tracedLimit;
    private final Deque<Integer> free = new ArrayDeque<>();
    private final Prefix root = Prefix.empty();
    private final Set<Prefix> prefixes = new HashSet<>();
    private long clock;
    private long tracedBytes;

    /**
     * Pages that nobody has.
     *
     * @param tracedLimit bytes of what was traced of prefixes that are kept at most
     */
    PagePool(int pages, int pageRows, long tracedLimit) {
        this.pages = pages;
        this.pageRows = pageRows;
        this.tracedLimit = tracedLimit;
        IntStream.range(0, pages).forEach(free::add);
    }

    int pageRows() {
        return pageRows;
    }

    /** Pages for so many positions. */
    int pagesFor(int rows) {
        return Math.ceilDiv(rows, pageRows);
    }

    /** Pages that running requests have, shared ones counted once. */
    int used() {
        return pages
                - free.size()
                - Math.toIntExact(prefixes.stream().filter(Prefix::isUnused).count());
    }

    /** Pages that others may read. */
    int shared() {
        return prefixes.size();
    }

    /**
     * Pages for a request, if there are enough.
     *
     * @param prompt whose last token is always computed anew: its logits are wanted
     * @param rows positions that the request may need
     * @param shown what must have been traced of pages that are not computed anew; empty for a request that shares no pages
     */
    Optional<Lease> lease(List<Integer> prompt, int rows, Optional<Set<HookPoint>> shown) {
        List<Prefix> known = shown.map(points -> known(prompt, points)).orElse(List.of());
        int needed = pagesFor(rows) - known.size();
        long unused = prefixes.stream().filter(Prefix::isUnused).count()
                - known.stream().filter(Prefix::isUnused).count();
        if (needed > free.size() + unused) {
            return Optional.empty();
        }
        known.forEach(prefix -> prefix.use(++clock));
        var own = new ArrayList<Integer>();
        while (own.size() < needed) {
            own.add(free.isEmpty() ? giveAway() : free.remove());
        }
        return Optional.of(new Lease(known, own));
    }

    /** The pages that are there for a prompt, with what must have been traced of them. */
    List<Prefix> known(List<Integer> prompt, Set<HookPoint> shown) {
        var known = new ArrayList<Prefix>();
        Prefix prefix = root;
        for (int from = 0; from + pageRows < prompt.size(); from += pageRows) {
            prefix = prefix.longer(prompt.subList(from, from + pageRows));
            if (prefix == null || !prefix.shows(shown)) {
                break;
            }
            known.add(prefix);
        }
        return known;
    }

    /** The page of the prefix that was used least recently of those that nobody reads. */
    private int giveAway() {
        Prefix oldest = prefixes.stream()
                .filter(Prefix::isFree)
                .min(Comparator.comparingLong(Prefix::newestUse))
                .orElseThrow();
        tracedBytes -= oldest.tracedBytes();
        oldest.forget();
        prefixes.remove(oldest);
        return oldest.page();
    }

    /**
     * The next page of a request is full: from now on others may read it. If they have one like it already, this one and those behind
     * it stay the request's own.
     *
     * @param tokens of the page
     */
    void share(Lease lease, List<Integer> tokens) {
        Prefix longest = lease.shared().isEmpty() ? root : lease.shared().getLast();
        if (longest.longer(tokens) != null) {
            lease.becomePrivate();
            return;
        }
        Prefix grown = longest.grow(tokens, lease.own().getFirst());
        grown.use(++clock);
        prefixes.add(grown);
        lease.share(grown);
    }

    /** The prefix that consists of the first pages of a text, if it is known. */
    @Nullable Prefix find(List<Integer> tokens) {
        Prefix prefix = root;
        for (int from = 0; from < tokens.size() && prefix != null; from += pageRows) {
            prefix = prefix.longer(tokens.subList(from, from + pageRows));
        }
        return prefix;
    }

    /** Keeps what was traced of a prefix's page, if there is room. */
    void show(Prefix prefix, Map<HookPoint, float[]> rows) {
        long before = prefix.tracedBytes();
        long more = rows.values().stream()
                .mapToLong(values -> (long) values.length * Float.BYTES)
                .sum();
        if (tracedBytes + more <= tracedLimit) {
            prefix.show(rows);
            tracedBytes += prefix.tracedBytes() - before;
        }
    }

    /** A request is through: its pages are free, but for those that others may read. */
    void release(Lease lease) {
        lease.shared().forEach(Prefix::release);
        free.addAll(lease.own());
    }
}
