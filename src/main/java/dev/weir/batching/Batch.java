package dev.weir.batching;

import dev.weir.batching.Ticket.Watcher;
import dev.weir.engine.Generation.FinishReason;
import dev.weir.engine.Sequence;
import dev.weir.engine.Session;
import dev.weir.engine.Session.StepResult;
import dev.weir.engine.Weir;
import dev.weir.hook.Edits;
import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The requests that run, the session that they share, and its steps. For the scheduler's thread alone. */
final class Batch implements AutoCloseable {

    private final Weir weir;
    private final Limits limits;
    private final Observer observer;
    private final Session session;
    private final Sharing sharing;
    private final List<Running> running = new ArrayList<>();
    private final @Nullable Running[] bySlot;
    private final SessionTraces traces;
    private final SpareSlot spare;
    private final Map<Running, Throwable> failed = new LinkedHashMap<>();
    private boolean isBroken;
    private volatile Load load;

    /** Nobody runs yet. */
    Batch(Weir weir, Limits limits, Observer observer) {
        this.weir = weir;
        this.limits = limits;
        this.observer = observer;
        this.sharing = new Sharing(weir, limits);
        this.bySlot = new Running[limits.sequences()];
        this.session = weir.pagedSession(
                limits.sequences() + 1,
                weir.config().context(),
                limits.pageRows(),
                limits.pages() + 1,
                limits.rowsPerStep());
        this.traces = new SessionTraces(session, bySlot);
        this.spare = new SpareSlot(session, limits.sequences(), limits.pages());
        this.load = newest();
    }

    boolean isEmpty() {
        return running.isEmpty();
    }

    /** How busy it is, for every thread: a request that was told of its end is no longer in it. */
    Load load() {
        return load;
    }

    /** From now on {@link #load} tells of who has begun. */
    void publish() {
        load = newest();
    }

    private Load newest() {
        return new Load(
                0,
                running.size(),
                limits.pages(),
                sharing.pool().used(),
                sharing.pool().shared(),
                isBroken);
    }

    /**
     * Lets a request begin, if there is a place for it and all the pages that it may need.
     *
     * @return whether it was taken; one that fails at once has been told
     */
    boolean begin(Ticket ticket) {
        if (running.size() == limits.sequences() || sharing.isWorthWaiting(ticket, running)) {
            return false;
        }
        Optional<Lease> lease = sharing.lease(ticket);
        if (lease.isEmpty()) {
            return false;
        }
        traces.recordAll(); // the slot may have been another's
        var begun = new Running(ticket, freeSlot(), lease.get(), sharing.recorded(ticket));
        running.add(begun);
        bySlot[begun.slot()] = begun;
        try {
            begin(begun);
        } catch (RuntimeException | Error e) {
            fail(begun, e);
        } finally {
            tellFailed();
        }
        return true;
    }

    private int freeSlot() {
        int slot = 0;
        while (bySlot[slot] != null) {
            slot++;
        }
        return slot;
    }

    private void begin(Running begun) {
        Ticket ticket = begun.ticket();
        Sequence sequence = ticket.sequence();
        int shared = begun.lease().found() * limits.pageRows();
        session.reset(begun.slot());
        session.pages(begun.slot(), begun.lease().pages());
        session.resume(begun.slot(), shared);
        session.sample(begun.slot(), sequence.sampling(), sequence.prompt());
        session.edit(begun.slot(), ticket.edits());
        sequence.processed(shared);
        for (Watcher watcher : ticket.watchers()) {
            watcher.tracing().sink().begin(weir.layout(sequence, watcher.tracing()));
        }
        sharing.showShared(begun);
        traces.show(running);
        observer.onBegun(ticket.age(), sequence.prompt().size(), shared);
    }

    /**
     * Ends requests that were cancelled or are late.
     *
     * @param all whether every request is cancelled
     */
    void dropOver(boolean all) {
        for (Running each : List.copyOf(running)) {
            Optional<FinishReason> over =
                    all ? Optional.of(FinishReason.CANCELLED) : each.ticket().over();
            if (over.isPresent()) {
                each.sequence().end(over.get());
                end(each);
            }
        }
        tellFailed();
    }

    /** One step for everybody, as far as its rows reach. */
    void step() {
        long begin = System.nanoTime();
        Composition step = Composition.of(running, limits.rowsPerStep());
        try {
            make(step);
        } catch (RuntimeException | Error e) {
            oneByOne(step, e);
        } finally {
            tellFailed();
        }
        observer.onStep(
                step.shares().size(),
                step.promptRows(),
                step.rows().count() - step.promptRows(),
                System.nanoTime() - begin);
    }

    private void make(Composition step) {
        Rows rows = step.rows();
        StepResult result = !step.choosesTokens()
                ? session.step(rows, traces.taps())
                : wantsLogits(step)
                        ? session.chooseWithLogits(rows, traces.taps())
                        : session.choose(rows, traces.taps());
        step.shares().forEach(share -> share.running().sequence().processed(share.rows()));
        traces.add(rows, result);
        failWatched();
        int output = 0;
        for (Share share : step.shares()) {
            if (running.contains(share.running())) {
                move(share, result, output);
            }
            output += share.wantsToken() ? 1 : 0;
        }
    }

    private static boolean wantsLogits(Composition step) {
        return step.shares().stream()
                .anyMatch(share -> share.wantsToken()
                        && share.running().ticket().request().logprobs().isPresent());
    }

    /** What a step means for one request. */
    private void move(Share share, StepResult result, int output) {
        Running each = share.running();
        Sequence sequence = each.sequence();
        Ticket ticket = each.ticket();
        try {
            sharing.share(each);
            if (share.ofPrompt() && !sequence.isInPrompt()) {
                finishPrompt(each);
            }
            if (!running.contains(each)) {
                return; // its sink threw
            }
            if (share.wantsToken()) {
                int token = result.token(output);
                Optional<TokenLogprobs> logprobs = Optional.empty();
                if (ticket.request().logprobs().isPresent()) {
                    MemorySegment logits = result.logits(output);
                    logprobs = Optional.of(Probabilities.of(
                            logits, token, ticket.request().logprobs().getAsInt()));
                }
                ticket.tell(token, logprobs, observer);
            }
            if (sequence.isDone()) {
                end(each);
            }
        } catch (RuntimeException | Error e) {
            fail(each, e);
        }
    }

    private void finishPrompt(Running each) {
        boolean isWatched = !each.ticket().watchers().isEmpty();
        if (isWatched) {
            recordAll();
        }
        each.ticket().read(each.lease().found() * limits.pageRows());
        if (isWatched) {
            traces.show(running);
        }
    }

    /**
     * A step that threw has not happened. Whoever makes it throw alone fails; the others go on.
     *
     * @param cause why the step of all threw
     */
    private void oneByOne(Composition step, Throwable cause) {
        for (Share share : step.shares()) {
            boolean isWhereItWas =
                    share.running().sequence().position() == step.rows().positions()[share.firstRow()];
            if (step.shares().size() == 1 || !isWhereItWas) {
                fail(share.running(), cause);
            } else if (running.contains(share.running())) {
                try {
                    make(Composition.alone(share));
                } catch (RuntimeException | Error e) {
                    fail(share.running(), e);
                }
            }
        }
    }

    /** Whether the machine still computes a row. */
    private boolean works() {
        try {
            traces.recordAll(); // before that row takes the memory of a step
            return spare.works();
        } catch (RuntimeException | Error e) {
            return false;
        }
    }

    private void recordAll() {
        traces.recordAll();
        failWatched();
    }

    private void failWatched() {
        traces.takeFailures().forEach(this::fail);
    }

    private void end(Running each) {
        try {
            Ticket ticket = each.ticket();
            if (!ticket.watchers().isEmpty()) {
                recordAll();
                if (!running.contains(each)) {
                    return; // its sink threw
                }
                int[] lengths = {each.sequence().position()};
                ticket.watchers().forEach(watcher -> watcher.tracing().sink().end(lengths));
            }
            leave(each);
            var generation = each.sequence().generation();
            observer.onEnded(generation.finishReason(), generation.tokens().size());
            ticket.reply().add(new Event.Ended(generation));
        } catch (RuntimeException | Error e) {
            fail(each, e);
        }
    }

    private void fail(Running each, Throwable cause) {
        if (running.contains(each)) {
            failed.put(each, cause);
            leave(each);
        }
    }

    /** Who failed is told when the step is over, and it is known whether the machine still works: to ask it takes a step. */
    private void tellFailed() {
        if (!failed.isEmpty()) {
            isBroken = isBroken || !works();
            publish();
            failed.forEach((each, cause) -> {
                observer.onFailed(cause);
                each.ticket().reply().fail(cause);
            });
            failed.clear();
        }
    }

    private void leave(Running each) {
        running.remove(each);
        bySlot[each.slot()] = null;
        sharing.release(each);
        if (!each.ticket().edits().isEmpty()) {
            session.edit(each.slot(), Edits.NONE);
        }
        if (!each.ticket().watchers().isEmpty()) {
            traces.show(running);
        }
        publish();
    }

    /** Every request fails, and none will begin. */
    void failAll(Throwable cause) {
        isBroken = true;
        running.forEach(each -> {
            failed.put(each, cause);
            sharing.release(each);
        });
        running.clear();
        publish();
        tellFailed();
    }

    @Override
    public void close() {
        session.close();
    }
}
