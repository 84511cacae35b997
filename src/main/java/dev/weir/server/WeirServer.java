package dev.weir.server;

import dev.weir.batching.Scheduler;
import dev.weir.batching.Scheduler.Shutdown;
import dev.weir.chat.ChatTemplate;
import dev.weir.engine.Weir;
import dev.weir.metrics.ServerMetrics;
import io.helidon.common.socket.SocketOptions;
import io.helidon.http.DirectHandler;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/**
 * A model behind HTTP.
 *
 * <pre>{@code
 * try (WeirServer server = WeirServer.start(ServerOptions.of(Path.of("weights/weir-stories")))) {
 *     server.awaitReady();
 *     ...
 * }
 * }</pre>
 */
public final class WeirServer implements AutoCloseable {

    private static final Duration LAST_WORDS = Duration.ofMillis(500);
    private static final int MOST_CONNECTIONS = 1024;

    /**
     * Bytes of an answer that lie unread in a socket, as a system counts them. It takes more when a third is read; were they many, a
     * client that reads slowly would seem not to read.
     */
    private static final int SENT_AHEAD = 128 << 10;

    private final ServerOptions options;
    private final ServerMetrics metrics = new ServerMetrics();
    private final Stage stage = new Stage();
    private final WebServer http;
    private final Thread loading;
    private boolean isClosed;

    private WeirServer(ServerOptions options, InetAddress address) {
        this.options = options;
        var faults = new Faults(System.getLogger("dev.weir.server"));
        var door = new FrontDoor(new Guard(options.access(), address), stage, metrics, faults);
        this.http = WebServer.builder()
                .address(address)
                .port(options.access().port())
                .protocolsDiscoverServices(false)
                .featuresDiscoverServices(false)
                .addConnectionSelector(
                        new PeerSelector(Peer.Patience.of(options.access().patience())))
                .connectionOptions(SocketOptions.builder()
                        .tcpNoDelay(true)
                        .readTimeout(Duration.ZERO)
                        .socketSendBufferSize(SENT_AHEAD)
                        .build())
                .maxPayloadSize(options.limits().bodyBytes())
                .maxTcpConnections(MOST_CONNECTIONS)
                .shutdownGracePeriod(LAST_WORDS)
                .shutdownHook(false)
                .directHandlers(plainErrors())
                .routing(routing -> routing.any(door::answer))
                .build();
        this.loading = Thread.ofPlatform().daemon().name("weir-loading").unstarted(this::load);
    }

    /**
     * Opens the port and begins to load the model; until that is done, {@code /health} and everything else answer 503.
     *
     * @throws IllegalArgumentException for options that cannot be honoured
     */
    public static WeirServer start(ServerOptions options) {
        InetAddress address;
        try {
            address = InetAddress.getByName(options.access().host());
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(
                    "host '" + options.access().host() + "': expected an address of this computer, got an unknown name",
                    e);
        }
        if (!address.isLoopbackAddress() && options.access().apiKey().isEmpty()) {
            throw new IllegalArgumentException("host '" + options.access().host()
                    + "': expected an API key where other computers can reach the server, got none");
        }
        var server = new WeirServer(options, address);
        server.http.start();
        if (!server.http.isRunning()) {
            throw new IllegalArgumentException("port " + options.access().port() + " of "
                    + options.access().host() + ": expected a free one, got one that cannot be opened");
        }
        server.loading.start();
        return server;
    }

    private void load() {
        try {
            stage.loaded().complete(open());
        } catch (IOException | RuntimeException | Error e) {
            stage.loaded().completeExceptionally(e);
        }
    }

    private Serving open() throws IOException {
        ChatTemplate template = ChatTemplate.open(options.model());
        Optional<TraceFiles> traces = options.insight().isPresent()
                ? Optional.of(TraceFiles.in(options.insight().get().traces(), version()))
                : Optional.empty();
        Weir weir = Weir.open(options.model(), options.machine());
        try {
            Scheduler scheduler = Scheduler.of(weir, options.scheduler().apply(Scheduler.defaults(weir)), metrics);
            metrics.show(scheduler::load);
            String name = options.name().orElse(weir.name());
            long now = Instant.now().getEpochSecond();
            return new Serving(weir, scheduler, template, name, now, options, traces);
        } catch (RuntimeException | Error e) {
            weir.close();
            throw e;
        }
    }

    private static String version() {
        return Optional.ofNullable(WeirServer.class.getPackage().getImplementationVersion())
                .orElse("unpackaged");
    }

    /** What is answered to bytes that are no request. */
    private static DirectHandlers plainErrors() {
        var handlers = DirectHandlers.builder();
        for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
            handlers.addHandler(type, new NoRequest());
        }
        return handlers.build();
    }

    /** The port at which it is heard. */
    public int port() {
        return http.port();
    }

    /** Where it is heard. */
    public String url() {
        String host = options.access().host();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port();
    }

    /**
     * Waits until the model is loaded.
     *
     * @return the name under which it is served
     * @throws IOException for files that cannot be read
     * @throws RuntimeException as {@link Weir#open}
     */
    public String awaitReady() throws IOException, InterruptedException {
        try {
            return stage.loaded().get().name();
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            if (cause instanceof IOException failed) {
                throw failed;
            }
            if (cause instanceof RuntimeException failed) {
                throw failed;
            }
            throw new CompletionException(cause);
        }
    }

    /** The scheduler of the loaded model, to look at. */
    Scheduler scheduler() {
        return stage.serving().scheduler();
    }

    /**
     * Takes no more requests, waits for what runs as long as the options say, and cancels the rest.
     *
     * @return how that went
     */
    public synchronized Shutdown shutdown() {
        if (isClosed) {
            return new Shutdown(0, 0);
        }
        isClosed = true;
        stage.close();
        Optional<Serving> serving = loaded();
        Shutdown shutdown =
                serving.map(model -> model.scheduler().close(options.drain())).orElse(new Shutdown(0, 0));
        http.stop();
        serving.ifPresent(model -> {
            model.weir().close();
            model.traces().ifPresent(TraceFiles::close);
        });
        return shutdown;
    }

    /** A model that is loading cannot be left halfway. */
    private Optional<Serving> loaded() {
        try {
            loading.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return stage.ready();
    }

    /** The same as {@link #shutdown}. */
    @Override
    public void close() {
        shutdown();
    }
}
