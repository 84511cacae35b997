package dev.weir.batching;

import dev.weir.engine.Generation;
import dev.weir.engine.Generation.FinishReason;
import dev.weir.engine.Sequence;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.model.ModelConfig;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One model, many callers. Requests wait in the order in which they came; one that has begun takes part in every step until it is through, so
 * nobody is passed over and nobody starves. It begins when a place and all the pages that it may need are free, so whatever began can
 * finish. Its tokens are those that {@link Weir#generate} chooses, whoever runs beside it; on a GPU that holds in exact mode.
 *
 * <pre>{@code
 * try (Scheduler scheduler = Scheduler.of(weir)) {
 *     Reply reply = scheduler.submit(Request.generate(Prompt.of("Once upon a time"), weir.defaults()));
 *     System.out.println(reply.await().text());
 * }
 * }</pre>
 */
public final class Scheduler implements AutoCloseable {

    private static final long DEFAULT_CACHE_BYTES = 1L << 30;
    private static final int DEFAULT_SEQUENCES = 16;
    private static final int DEFAULT_ROWS = 128;
    private static final int DEFAULT_PAGE_ROWS = 64;
    private static final int DEFAULT_QUEUE = 256;
    private static final long DEFAULT_TRACED_BYTES = 256L << 20;

    /**
     * How a shutdown went, for the requests that had been accepted when it began.
     *
     * @param finished that were let through to their end
     * @param cancelled that were not
     */
    public record Shutdown(int finished, int cancelled) {}

    private final Weir weir;
    private final Limits limits;
    private final Audience audience;
    private final Batch batch;
    private final Thread thread;
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Ticket> waiting = new ArrayDeque<>();
    private boolean closing;
    private boolean cancelling;

    private Scheduler(Weir weir, Limits limits, Observer observer) {
        this.weir = weir;
        this.limits = limits;
        this.audience = new Audience(observer);
        this.batch = new Batch(weir, limits, audience);
        this.thread = Thread.ofPlatform().daemon().name("weir-scheduler").unstarted(this::run);
    }

    /** A scheduler with {@link #defaults}. */
    public static Scheduler of(Weir weir) {
        return of(weir, defaults(weir), Observer.NONE);
    }

    /** A scheduler with a thread of its own; the model stays the caller's, and is to be closed after it. */
    public static Scheduler of(Weir weir, Limits limits, Observer observer) {
        var scheduler = new Scheduler(weir, limits, observer);
        scheduler.thread.start();
        return scheduler;
    }

    /** Limits for a model: 16 requests at a time, and pages for as many whole contexts, but for no more than 1 GiB, and one context at least. */
    public static Limits defaults(Weir weir) {
        ModelConfig config = weir.config();
        int pagesOfContext = Math.ceilDiv(config.context(), DEFAULT_PAGE_ROWS);
        long pageBytes = 2L * DEFAULT_PAGE_ROWS * config.width() * config.layers() * Float.BYTES;
        long pages =
                Math.clamp(DEFAULT_CACHE_BYTES / pageBytes, pagesOfContext, (long) DEFAULT_SEQUENCES * pagesOfContext);
        return new Limits(
                DEFAULT_SEQUENCES,
                DEFAULT_ROWS,
                DEFAULT_PAGE_ROWS,
                Math.toIntExact(pages),
                DEFAULT_QUEUE,
                true,
                DEFAULT_TRACED_BYTES);
    }

    /**
     * Accepts a request.
     *
     * @throws IllegalArgumentException for one that could never be honoured
     * @throws RefusedException when too many wait already or the scheduler takes no more
     */
    public Reply submit(Request request) {
        Ticket ticket = accept(request);
        lock.lock();
        try {
            if (closing || batch.load().isBroken()) {
                throw new RefusedException(closing ? "the scheduler is closing" : "the machine has failed", true);
            }
            if (waiting.size() + batch.load().running() >= limits.sequences() + limits.queue()) {
                throw new RefusedException(
                        "requests: expected at most " + limits.sequences() + " that run and " + limits.queue()
                                + " that wait, got one more",
                        false);
            }
            waiting.add(ticket);
            changed.signal();
        } catch (RefusedException e) {
            audience.onRefused();
            throw e;
        } finally {
            lock.unlock();
        }
        return ticket.reply();
    }

    /** Refuses what can never be honoured. */
    private Ticket accept(Request request) {
        Sequence sequence = request.options().isPresent()
                ? weir.sequence(request.prompt(), request.options().get())
                : weir.sequence(request.prompt());
        int pages = Math.ceilDiv(sequence.maxRows(), limits.pageRows());
        if (pages > limits.pages()) {
            throw new IllegalArgumentException("request of " + sequence.maxRows() + " positions: expected at most "
                    + (long) limits.pages() * limits.pageRows() + ", what all pages hold");
        }
        var ticket = new Ticket(request, sequence);
        if (!ticket.edits().isEmpty()) {
            weir.plan(1, Hooks.NONE.withEdits(ticket.edits()));
        }
        ticket.watchers().forEach(watcher -> weir.layout(sequence, watcher.tracing())
                .requireWithin(watcher.tracing().maxBytes()));
        return ticket;
    }

    private void run() {
        try {
            while (awaitWork()) {
                dropOver();
                beginAll();
                batch.dropOver(isCancelling());
                if (!batch.isEmpty()) {
                    batch.step();
                }
                if (batch.load().isBroken()) {
                    failAll(new IllegalStateException("the machine has failed"));
                }
            }
        } catch (RuntimeException | Error e) {
            failAll(e);
            throw e;
        } finally {
            batch.close();
        }
    }

    /** Waits until there is something to do; not any more when the scheduler is closing and nothing is left. */
    private boolean awaitWork() {
        lock.lock();
        try {
            while (waiting.isEmpty() && batch.isEmpty()) {
                if (closing) {
                    return false;
                }
                changed.awaitUninterruptibly();
            }
            if (cancelling) {
                waiting.forEach(ticket -> ticket.reply().cancel());
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isCancelling() {
        lock.lock();
        try {
            return cancelling;
        } finally {
            lock.unlock();
        }
    }

    /** Ends requests that wait but need not any more. */
    private void dropOver() {
        lock.lock();
        try {
            for (Iterator<Ticket> tickets = waiting.iterator(); tickets.hasNext(); ) {
                Ticket ticket = tickets.next();
                Optional<FinishReason> over = ticket.over();
                if (over.isPresent()) {
                    tickets.remove();
                    ticket.sequence().end(over.get());
                    Generation generation = ticket.sequence().generation();
                    audience.onEnded(over.get(), 0);
                    ticket.reply().add(new Event.Ended(generation));
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void beginAll() {
        Ticket first = firstWaiting();
        while (first != null && batch.begin(first)) {
            removeFirst();
            first = firstWaiting();
        }
    }

    private @Nullable Ticket firstWaiting() {
        lock.lock();
        try {
            return waiting.peek();
        } finally {
            lock.unlock();
        }
    }

    private void removeFirst() {
        lock.lock();
        try {
            waiting.remove();
            batch.publish();
        } finally {
            lock.unlock();
        }
    }

    private void failAll(Throwable cause) {
        batch.failAll(cause);
        lock.lock();
        try {
            waiting.forEach(ticket -> {
                audience.onFailed(cause);
                ticket.reply().fail(cause);
            });
            waiting.clear();
        } finally {
            lock.unlock();
        }
    }

    /** The model. */
    public Weir weir() {
        return weir;
    }

    /** What the scheduler may take. */
    public Limits limits() {
        return limits;
    }

    /** How busy it is. A request that was told of its end is no longer in it. */
    public Load load() {
        lock.lock();
        try {
            return batch.load().withWaiting(waiting.size());
        } finally {
            lock.unlock();
        }
    }

    /** Accepts nothing more, lets what was accepted finish for so long at most, and cancels the rest. */
    public Shutdown close(Duration patience) {
        audience.count();
        beginClosing(false);
        try {
            if (!patience.isPositive() || !thread.join(patience)) {
                beginClosing(true);
                thread.join();
            }
        } catch (InterruptedException e) {
            beginClosing(true);
            Thread.currentThread().interrupt();
        }
        return audience.shutdown();
    }

    private void beginClosing(boolean cancels) {
        lock.lock();
        try {
            closing = true;
            cancelling |= cancels;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Accepts nothing more and cancels what runs and waits. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }
}
