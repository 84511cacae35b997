package dev.weir.server;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutorService;

/** HTTP/1.1 connections that read through a {@link Peer} and write through a {@link PatientWriter}. */
final class PeerSelector implements ServerConnectionSelector {

    /** Bytes of the headers of a request at most. */
    static final int MOST_HEADER_BYTES = 16 << 10;

    private final ServerConnectionSelector http;
    private final Peer.Patience patience;

    PeerSelector(Peer.Patience patience) {
        this.patience = patience;
        this.http = Http1ConnectionSelector.builder()
                .config(Http1Config.builder()
                        .maxHeadersSize(MOST_HEADER_BYTES)
                        .sendLog(false)
                        .receiveLog(false)
                        .addReceiveListener(new Progress())
                        .build())
                .build();
    }

    @Override
    public int bytesToIdentifyConnection() {
        return http.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
        return http.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        var peer = new Peer(context.serverSocket(), patience);
        var writer = new PatientWriter(context.serverSocket(), patience.ofPiece());
        return new Connection(http.connection(new Patient(context, new DataReader(peer), writer)), peer, writer);
    }

    /** Tells the peer how far a request has come. */
    private static final class Progress implements Http1ConnectionListener {
        @Override
        public void prologue(ConnectionContext context, HttpPrologue prologue) {
            Peer.CURRENT.get().begun();
        }

        @Override
        public void headers(ConnectionContext context, Headers headers) {
            Peer.CURRENT.get().headed();
        }
    }

    /** A connection with its peer in scope, and its writer looked after. */
    private record Connection(ServerConnection http, Peer peer, PatientWriter writer) implements ServerConnection {
        @Override
        public void handle(Limit limit) throws InterruptedException {
            try (writer) {
                peer.start();
                writer.start();
                ScopedValue.where(Peer.CURRENT, peer).<Void, InterruptedException>call(() -> {
                    http.handle(limit);
                    return null;
                });
            }
        }

        @Override
        public Duration idleTime() {
            return http.idleTime();
        }

        @Override
        public void close(boolean interrupt) {
            http.close(interrupt);
        }
    }

    /** The same context with another reader and another writer. */
    private record Patient(ConnectionContext context, DataReader dataReader, DataWriter dataWriter)
            implements ConnectionContext {
        @Override
        public ListenerContext listenerContext() {
            return context.listenerContext();
        }

        @Override
        public ExecutorService executor() {
            return context.executor();
        }

        @Override
        public Router router() {
            return context.router();
        }

        @Override
        public HelidonSocket serverSocket() {
            return context.serverSocket();
        }

        @Override
        public PeerInfo remotePeer() {
            return context.remotePeer();
        }

        @Override
        public PeerInfo localPeer() {
            return context.localPeer();
        }

        @Override
        public boolean isSecure() {
            return context.isSecure();
        }

        @Override
        public String socketId() {
            return context.socketId();
        }

        @Override
        public String childSocketId() {
            return context.childSocketId();
        }
    }
}
