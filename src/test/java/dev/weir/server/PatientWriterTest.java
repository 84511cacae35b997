package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.batching.Load;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a server does with clients that do not read what they asked for, and with those that read it slowly. */
class PatientWriterTest {

    private static final String COMPLETIONS = "/v1/completions";

    /** So many choices with so much beside each token are neither made nor sent while anybody here waits. */
    private static final String LONG =
            "{\"prompt\": \"Once\", \"max_tokens\": 510, \"n\": 64, \"temperature\": 1, \"seed\": 1,"
                    + " \"logprobs\": 5, \"ignore_eos\": true, \"stream\": true}";

    /** An answer of a megabyte, at once. */
    private static final String WORDS = "{\"prompt\": \"" + "Once upon a time ".repeat(60_000) + "\"}";

    private static final Queue<String> COMPLAINTS = new ConcurrentLinkedQueue<>();
    private static final List<Logger> LOGS = List.of(Logger.getLogger("dev.weir"), Logger.getLogger("io.helidon"));
    private static final Handler EAR = new Handler() {
        @Override
        public void publish(LogRecord said) {
            if (said.getLevel().intValue() >= Level.WARNING.intValue()) {
                COMPLAINTS.add(said.getMessage() + " " + said.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private static Served served;

    @BeforeAll
    static void start() {
        LOGS.forEach(log -> log.addHandler(EAR));
        served = with(Duration.ofMillis(700));
    }

    @AfterAll
    static void stop() {
        served.close();
        LOGS.forEach(log -> log.removeHandler(EAR));
    }

    @AfterEach
    void nobodyElseNotices() {
        assertEquals(200, served.get("/health").statusCode());
        List<String> complaints = List.copyOf(COMPLAINTS);
        COMPLAINTS.clear();
        assertEquals(List.of(), complaints);
    }

    private static Served with(Duration patience) {
        return Served.with(options ->
                options.withAccess(options.access().withPatience(patience)).withInsight(ServerOptions.Insight.DEFAULT));
    }

    /** A client that takes no more than a few kilobytes ahead. */
    private static Socket asking(Served server, String method, String path, String body) throws IOException {
        var socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress("127.0.0.1", server.server().port()));
        String head =
                method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n";
        socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static void await(BooleanSupplier what) throws InterruptedException {
        for (int i = 0; i < 12_000 && !what.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertTrue(what.getAsBoolean());
    }

    /** Whoever writes to a connection that the other side has closed is told so. */
    private static boolean isClosed(Socket socket) {
        try {
            socket.getOutputStream().write('x');
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static double madeTokens() {
        return served.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("weir_new_tokens_total "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                .sum();
    }

    private static String story() {
        return served.ask(COMPLETIONS, "{'prompt': 'One day', 'max_tokens': 40, 'seed': 8}")
                .path("choices")
                .path(0)
                .path("text")
                .textValue();
    }

    private static boolean isIdle() {
        Load load = served.server().scheduler().load();
        return load.running() == 0 && load.waiting() == 0;
    }

    @Test
    void aClientThatDoesNotReadItsStreamIsLeftAndItsRequestsEnd() throws IOException, InterruptedException {
        String alone = story();
        double before = madeTokens();
        try (Socket socket = asking(served, "POST", COMPLETIONS, LONG)) {
            await(() -> !isIdle());
            assertEquals(alone, story());
            await(PatientWriterTest::isIdle);
            double made = madeTokens() - before;
            assertTrue(made < 64 * 500, "tokens " + made);
            await(() -> isClosed(socket));
        }
    }

    @Test
    void aClientThatDoesNotReadAWholeAnswerIsLeft() throws IOException, InterruptedException {
        try (Socket socket = asking(served, "POST", "/tokenize", WORDS)) {
            await(() -> isClosed(socket));
        }
    }

    private static String tracePath(Served server) {
        return server.ask(
                        COMPLETIONS,
                        "{'prompt': 'a', 'max_tokens': 80, 'ignore_eos': true, 'weir': {'trace': 'logits'}}")
                .path("choices")
                .path(0)
                .path("weir")
                .path("trace")
                .path("url")
                .textValue();
    }

    @Test
    void aClientThatDoesNotReadATraceIsLeft() throws IOException, InterruptedException {
        try (Socket socket = asking(served, "GET", tracePath(served), "")) {
            await(() -> isClosed(socket));
        }
    }

    /** It needs longer for all than it has for a piece. */
    @Test
    void aClientThatReadsSlowlyGetsAllOfIt() throws IOException, InterruptedException {
        try (Served patient = with(Duration.ofSeconds(3))) {
            byte[] expected = patient.post("/tokenize", WORDS).body().getBytes(StandardCharsets.UTF_8);
            try (Socket socket = asking(patient, "POST", "/tokenize", WORDS)) {
                InputStream in = socket.getInputStream();
                var answer = new ByteArrayOutputStream();
                while (answer.toString(StandardCharsets.UTF_8).indexOf("\r\n\r\n") < 0) {
                    answer.write(in.read());
                }
                answer.reset();
                while (answer.size() < expected.length) {
                    byte[] some = in.readNBytes(Math.min(16 << 10, expected.length - answer.size()));
                    assertTrue(some.length > 0, "left after " + answer.size() + " bytes of " + expected.length);
                    answer.writeBytes(some);
                    Thread.sleep(100);
                }
                assertArrayEquals(expected, answer.toByteArray());
            }
        }
    }

    @Test
    void aClientThatGoesWhileItIsWrittenToIsNoFault() throws IOException, InterruptedException {
        String path = tracePath(served);
        double before = answered("traces");
        try (Socket socket = asking(served, "GET", path, "")) {
            byte[] begin = socket.getInputStream().readNBytes(1000);
            assertEquals("HTTP/1.1 200", new String(begin, 0, 12, StandardCharsets.US_ASCII));
            socket.setSoLinger(true, 0);
        }
        await(() -> answered("traces") > before);
    }

    private static double answered(String endpoint) {
        return served.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("weir_http_seconds_count") && line.contains('"' + endpoint + '"'))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }
}
