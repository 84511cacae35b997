package dev.weir.server;

import io.helidon.webserver.CloseConnectionException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Whoever is at the other end of a connection. A thread of its own reads what comes, a little ahead, and so knows at once when
 * nobody is there any more; whoever wants the bytes waits for them until a deadline, and no longer.
 */
final class Peer implements Supplier<byte[]> {

    /** The peer of the connection whose request this thread answers. */
    static final ScopedValue<Peer> CURRENT = ScopedValue.newInstance();

    /**
     * How long a client may take.
     *
     * @param betweenRequests to ask for something else
     * @param ofRequest to say what it wants
     * @param ofPiece to take a piece of an answer
     */
    record Patience(Duration betweenRequests, Duration ofRequest, Duration ofPiece) {

        /** So long for all, and twice as long between requests. */
        static Patience of(Duration patience) {
            return new Patience(patience.multipliedBy(2), patience, patience);
        }
    }

    /** Pieces of at most 8 KiB that lie ready; a peer that sends more unasked is heard again when they are read. */
    private static final int PIECES_AHEAD = 16;

    private static final byte[] END = {};

    private final Supplier<byte[]> socket;
    private final Patience patience;
    private final BlockingQueue<byte[]> ready = new LinkedBlockingQueue<>();
    private final Semaphore room = new Semaphore(PIECES_AHEAD);
    private Optional<Runnable> watcher = Optional.empty();
    private boolean isGone;
    private long deadline;
    private long headBytes;
    private boolean isInHead = true;

    Peer(Supplier<byte[]> socket, Patience patience) {
        this.socket = socket;
        this.patience = patience;
        this.deadline = System.nanoTime() + patience.ofRequest().toNanos();
    }

    /** Begins to read. */
    void start() {
        Thread.ofVirtual().name("weir-peer").start(this::read);
    }

    private void read() {
        try {
            room.acquire();
            for (byte[] bytes = socket.get(); bytes != null; bytes = socket.get()) {
                ready.add(bytes);
                room.acquire();
            }
        } catch (UncheckedIOException | CloseConnectionException | InterruptedException e) {
            // the connection is over, whoever ended it
        } finally {
            ready.add(END);
            leave();
        }
    }

    private synchronized void leave() {
        isGone = true;
        watcher.ifPresent(Runnable::run);
    }

    /** Has something done when the peer leaves, at once if it has left; it ought to be quick. */
    synchronized void watch(Runnable whenGone) {
        watcher = Optional.of(whenGone);
        if (isGone) {
            whenGone.run();
        }
    }

    /**
     * A request has been answered.
     *
     * @param isLast whether the peer wants to ask nothing more: then nobody waits for it
     */
    synchronized void answered(boolean isLast) {
        watcher = Optional.empty();
        deadline = System.nanoTime() + (isLast ? 0 : patience.betweenRequests().toNanos());
        headBytes = 0;
        isInHead = true;
    }

    /** The first line of a request is there: the rest may take as long as a request may. */
    synchronized void begun() {
        deadline = System.nanoTime() + patience.ofRequest().toNanos();
    }

    /** All headers of a request are there. */
    synchronized void headed() {
        isInHead = false;
    }

    /** Bytes of a request whose headers have not ended; 0 for one whose headers have. */
    synchronized long headBytes() {
        return isInHead ? headBytes : 0;
    }

    /**
     * The next bytes.
     *
     * @return null at the end
     * @throws CloseConnectionException when they do not come in time
     */
    @Override
    @SuppressWarnings("NullAway") // as the library wants it
    public byte[] get() {
        byte[] bytes;
        try {
            bytes = ready.poll(remaining(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("the server is closing", e);
        }
        if (bytes == null) {
            throw new CloseConnectionException("the peer is too slow");
        }
        if (bytes == END) {
            ready.add(END);
            return null;
        }
        room.release();
        count(bytes.length);
        return bytes;
    }

    private synchronized long remaining() {
        return deadline - System.nanoTime();
    }

    private synchronized void count(int bytes) {
        headBytes += bytes;
    }
}
