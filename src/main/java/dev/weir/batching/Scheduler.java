package dev.weir.batching;

import dev.weir.engine.Weir;
import java.time.Duration;

/**
 * One model, many callers. Requests wait in the order in which they came; one that begins takes part in every step until it is through, so
 * nobody is passed over and nobody starves. It begins when a place and all the pages that it may need are free, so whatever began can
 * finish.
 */
public final class Scheduler implements AutoCloseable {

    /** How a shutdown went. */
    public record Shutdown(int finished, int cancelled) {}

    /** A scheduler with {@link #defaults}. */
    public static Scheduler of(Weir weir) {
        return of(weir, defaults(weir), Observer.NONE);
    }

    /** A scheduler of its own thread; the model stays the caller's. */
    public static Scheduler of(Weir weir, Limits limits, Observer observer) {
        throw new UnsupportedOperationException();
    }

    /** Limits for a model: 16 requests at a time, and pages for as many whole contexts as fit in 1 GiB, 1 at least, 16 at most. */
    public static Limits defaults(Weir weir) {
        throw new UnsupportedOperationException();
    }

    /**
     * Accepts a request.
     *
     * @throws IllegalArgumentException for one that could never be honoured
     * @throws RefusedException when too many wait already or the scheduler is closing
     */
    public Reply submit(Request request) {
        throw new UnsupportedOperationException();
    }

    /** The model. */
    public Weir weir() {
        throw new UnsupportedOperationException();
    }

    /** What the scheduler may take. */
    public Limits limits() {
        throw new UnsupportedOperationException();
    }

    /** How busy it is just now. */
    public Load load() {
        throw new UnsupportedOperationException();
    }

    /** Accepts nothing more, lets what was accepted finish for so long at most, and cancels the rest. */
    public Shutdown close(Duration patience) {
        throw new UnsupportedOperationException();
    }

    /** Accepts nothing more and cancels what runs and waits. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }
}
