package dev.weir.server;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.webserver.CloseConnectionException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Writes to a client piece by piece, each of which it ought to take within some time. A thread of its own looks after that: a write to
 * a socket waits for ever, unless somebody closes the socket.
 */
final class PatientWriter implements DataWriter {

    private static final int PIECE = 16 << 10;

    private final HelidonSocket socket;
    private final long patience;
    private final Thread watch = Thread.ofVirtual().name("weir-patience").unstarted(this::watch);
    private volatile boolean isWriting;
    private volatile long begun;

    PatientWriter(HelidonSocket socket, Duration patience) {
        this.socket = socket;
        this.patience = patience.toNanos();
    }

    /** Begins to look after what is written. */
    void start() {
        watch.start();
    }

    private void watch() {
        try {
            for (long left = left(); left > 0; left = left()) {
                TimeUnit.NANOSECONDS.sleep(left);
            }
            socket.close();
        } catch (InterruptedException | UncheckedIOException e) {
            // the connection is over, whoever ended it
        }
    }

    private long left() {
        return isWriting ? patience - (System.nanoTime() - begun) : patience;
    }

    /**
     * Writes all of it, now.
     *
     * @throws CloseConnectionException when the client is gone, or does not take it in time
     */
    @Override
    public void writeNow(BufferData data) {
        while (!data.consumed()) {
            var piece = new byte[Math.min(PIECE, data.available())];
            data.read(piece);
            write(piece);
        }
    }

    private void write(byte[] piece) {
        begun = System.nanoTime();
        isWriting = true;
        try {
            socket.write(BufferData.create(piece));
        } catch (UncheckedIOException e) {
            throw new CloseConnectionException("the client is gone", e);
        } finally {
            isWriting = false;
        }
    }

    @Override
    public void writeNow(BufferData... data) {
        writeNow(BufferData.create(data));
    }

    @Override
    public void write(BufferData data) {
        writeNow(data);
    }

    @Override
    public void write(BufferData... data) {
        writeNow(data);
    }

    /** Looks after it no longer. */
    @Override
    public void close() {
        watch.interrupt();
    }
}
