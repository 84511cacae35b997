package dev.weir.batching;

import dev.weir.engine.Generation;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What becomes of a request. Read by one thread at a time; whoever reads slowly holds nobody up. */
public final class Reply {

    /** The last thing in the queue of a request that failed. */
    private record Failure(RequestFailedException cause) {}

    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    private volatile boolean cancelled;
    private @Nullable Object last;

    Reply() {}

    /**
     * Waits for what comes next.
     *
     * @return after {@link Event.Ended} that again
     * @throws RequestFailedException when the request could not be finished
     */
    public Event next() throws InterruptedException {
        return last == null ? event(events.take()) : event(last);
    }

    /**
     * Waits for what comes next, but no longer than this.
     *
     * @throws RequestFailedException when the request could not be finished
     */
    public Optional<Event> next(Duration patience) throws InterruptedException {
        if (last != null) {
            return Optional.of(event(last));
        }
        Object found = events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        return found == null ? Optional.empty() : Optional.of(event(found));
    }

    private Event event(Object found) {
        if (found instanceof Failure failure) {
            last = found;
            throw failure.cause;
        }
        if (found instanceof Event.Ended) {
            last = found;
        }
        return (Event) found;
    }

    /**
     * Waits for the end.
     *
     * @throws RequestFailedException when the request could not be finished
     */
    public Generation await() throws InterruptedException {
        while (true) {
            if (next() instanceof Event.Ended ended) {
                return ended.generation();
            }
        }
    }

    /** Ends the request before the next step; it then {@link Event.Ended ends} with what it has. Anybody may call it, at any time. */
    public void cancel() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }

    void add(Event event) {
        events.add(event);
    }

    void fail(Throwable cause) {
        events.add(new Failure(new RequestFailedException(cause)));
    }
}
