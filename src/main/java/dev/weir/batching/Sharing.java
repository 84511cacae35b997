package dev.weir.batching;

import dev.weir.batching.Ticket.Watcher;
import dev.weir.engine.Sequence;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Who shares the pages of whom. A request in whose rows something is changed shares none. One that is watched shares a page if all that
 * it wants to see of it was traced when it was computed; it is shown that again, so its trace is as long as a trace of its own, and has
 * the same bits.
 */
final class Sharing {

    private final Weir weir;
    private final Limits limits;
    private final PagePool pool;

    Sharing(Weir weir, Limits limits) {
        this.weir = weir;
        this.limits = limits;
        this.pool = new PagePool(limits.pages(), limits.pageRows(), limits.tracedPrefixBytes());
    }

    PagePool pool() {
        return pool;
    }

    /** Pages for a request, if there are enough. */
    Optional<Lease> lease(Ticket ticket) {
        Optional<Set<HookPoint>> shown =
                shares(ticket) && canBeShown(ticket) ? Optional.of(points(ticket)) : Optional.empty();
        Sequence sequence = ticket.sequence();
        Optional<Lease> lease = pool.lease(sequence.prompt(), sequence.maxRows(), shown);
        if (!shares(ticket)) {
            lease.ifPresent(Lease::becomePrivate);
        }
        return lease;
    }

    /**
     * Whether a request that runs is about to compute pages that this one could share. To wait for them costs nothing: prompts are computed
     * oldest first.
     */
    boolean isWorthWaiting(Ticket ticket, List<Running> running) {
        if (!shares(ticket) || !ticket.watchers().isEmpty()) {
            return false;
        }
        List<Integer> prompt = ticket.sequence().prompt();
        int known = pool.known(prompt, Set.of()).size();
        return running.stream()
                .filter(each -> each.sequence().isInPrompt() && !each.lease().isPrivate())
                .anyMatch(each -> commonPages(each.sequence().prompt(), prompt) > known);
    }

    /** Whole pages with which two prompts begin alike, and after which the second goes on. */
    private int commonPages(List<Integer> one, List<Integer> two) {
        int limit = Math.min(one.size(), two.size() - 1);
        int common = 0;
        while (common < limit && one.get(common).equals(two.get(common))) {
            common++;
        }
        return common / limits.pageRows();
    }

    private boolean shares(Ticket ticket) {
        return limits.sharesPrefixes() && ticket.edits().isEmpty();
    }

    /** Scores and patterns have as many columns as the step had room for, and logits are too long to be kept. */
    private static boolean canBeShown(Ticket ticket) {
        return points(ticket).stream()
                .allMatch(point ->
                        point.site().form() != Site.Form.SQUARE && !point.equals(HookPoint.of(Site.UNEMBED_OUT)));
    }

    private static Set<HookPoint> points(Ticket ticket) {
        return ticket.watchers().stream()
                .flatMap(watcher -> watcher.points().stream())
                .collect(Collectors.toSet());
    }

    /** Where what is traced of a request's prompt is kept for others, if it can be. */
    Optional<TracedPages> recorded(Ticket ticket) {
        int wholePages = ticket.sequence().prompt().size() / limits.pageRows();
        boolean keeps = shares(ticket) && !points(ticket).isEmpty() && canBeShown(ticket) && wholePages > 0;
        return keeps ? Optional.of(new TracedPages(points(ticket), limits.pageRows(), wholePages)) : Optional.empty();
    }

    /** Shows a request what was traced of the pages that it shares. */
    void showShared(Running begun) {
        List<Integer> prompt = begun.sequence().prompt();
        List<Prefix> shared = begun.lease().shared();
        for (int page = 0; page < shared.size(); page++) {
            int from = page * limits.pageRows();
            Rows rows = rows(prompt, from);
            for (Watcher watcher : begun.ticket().watchers()) {
                watcher.tracing().sink().tokens(rows);
                for (HookPoint point : watcher.points()) {
                    float[] values =
                            Objects.requireNonNull(shared.get(page).traced().get(point));
                    int columns = values.length / limits.pageRows();
                    watcher.tracing().sink().rows(point, rows, MemorySegment.ofArray(values), columns);
                }
            }
        }
    }

    private Rows rows(List<Integer> prompt, int from) {
        int count = limits.pageRows();
        return new Rows(
                new int[count],
                IntStream.range(from, from + count).toArray(),
                IntStream.range(from, from + count).map(prompt::get).toArray(),
                new int[0]);
    }

    /** Lets others read the pages that a request has filled. */
    void share(Running running) {
        Lease lease = running.lease();
        Sequence sequence = running.sequence();
        while (!lease.isPrivate() && (lease.shared().size() + 1) * limits.pageRows() <= sequence.position()) {
            int from = lease.shared().size() * limits.pageRows();
            pool.share(lease, tokens(sequence, from, from + limits.pageRows()));
        }
        running.recorded().ifPresent(recorded -> keep(recorded, running));
    }

    /** Keeps what was traced beside the pages of which it was. */
    private void keep(TracedPages recorded, Running running) {
        for (int page : recorded.pages()) {
            if (recorded.isComplete(page)) {
                Map<HookPoint, float[]> rows = recorded.take(page);
                Prefix prefix = prefix(running, page);
                if (prefix != null) {
                    pool.show(prefix, rows);
                }
            }
        }
    }

    /** A page that another request has filled alike is as good on the CPU, where equal rows have equal bits. */
    private @Nullable Prefix prefix(Running running, int page) {
        List<Prefix> shared = running.lease().shared();
        if (page < shared.size()) {
            return shared.get(page);
        }
        boolean isExact = weir.gpu().isEmpty();
        return isExact ? pool.find(tokens(running.sequence(), 0, (page + 1) * limits.pageRows())) : null;
    }

    private static List<Integer> tokens(Sequence sequence, int from, int to) {
        return IntStream.range(from, to).mapToObj(sequence::token).toList();
    }

    /** A request is through. */
    void release(Running running) {
        running.recorded().ifPresent(recorded -> keep(recorded, running));
        pool.release(running.lease());
    }
}
