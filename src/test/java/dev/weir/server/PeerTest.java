package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.batching.Load;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a server does with peers that go, that are slow, or that say several things at once. */
class PeerTest {

    /** Sixteen answers of the longest kind take much longer than anybody here waits for. */
    private static final String LONG =
            "{\"prompt\": \"Once\", \"max_tokens\": 510, \"n\": 16, \"temperature\": 1, \"seed\": 1";

    private static Served served;

    @BeforeAll
    static void start() {
        served = Served.with(options -> options.withAccess(options.access().withPatience(Duration.ofMillis(700))));
    }

    @AfterAll
    static void stop() {
        served.close();
    }

    private static Socket connect() throws IOException {
        return new Socket("127.0.0.1", served.server().port());
    }

    private static String request(String path, String body) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body;
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Load load() {
        return served.server().scheduler().load();
    }

    private static void await(BooleanSupplier what) throws InterruptedException {
        for (int i = 0; i < 6000 && !what.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertTrue(what.getAsBoolean());
    }

    private static double counted(String name) {
        return served.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    private void leaves(String body, boolean waitsForText) throws IOException, InterruptedException {
        double before = counted("weir_new_tokens_total");
        try (Socket socket = connect()) {
            write(socket, request("/v1/completions", body));
            await(() -> load().running() == 16);
            if (waitsForText) {
                assertEquals('H', socket.getInputStream().read());
            }
        }
        await(() -> load().running() == 0 && load().waiting() == 0);
        double made = counted("weir_new_tokens_total") - before;
        assertTrue(made < 16 * 200, "tokens " + made);
    }

    @Test
    void aClientThatLeavesEndsItsRequest() throws IOException, InterruptedException {
        leaves(LONG + "}", false);
    }

    @Test
    void aClientThatLeavesEndsItsStream() throws IOException, InterruptedException {
        leaves(LONG + ", \"stream\": true}", true);
    }

    @Test
    void aClientThatStopsSendingHasLeft() throws IOException, InterruptedException {
        try (Socket socket = connect()) {
            write(socket, request("/v1/completions", LONG + "}"));
            await(() -> load().running() == 16);
            socket.shutdownOutput();
            await(() -> load().running() == 0);
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void requestsThatComeTogetherAreAnsweredInTurn() throws IOException {
        String one = request("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": 40, \"seed\": 1}");
        String two = request("/tokenize", "{\"prompt\": \"" + "a".repeat(50_000) + "\"}");
        try (Socket socket = connect()) {
            write(
                    socket,
                    one
                            + two
                            + request("/tokenize", "{\"prompt\": \"b\"}")
                                    .replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(3, all.split("HTTP/1.1 200 OK", -1).length - 1, all.substring(0, Math.min(500, all.length())));
            assertTrue(all.indexOf("text_completion") < all.indexOf("\"count\":"), "order");
        }
    }

    @Test
    void aPeerThatIsSlowIsLeft() throws IOException {
        String whole = request("/tokenize", "{\"prompt\": \"slow\"}");
        for (int cut : List.of(0, 20, whole.length() - 3)) {
            try (Socket socket = connect()) {
                write(socket, whole.substring(0, cut));
                assertEquals(-1, socket.getInputStream().read(), "cut at " + cut);
            }
        }
        try (Socket socket = connect()) {
            assertEquals("leave", drip(socket, whole));
        }
    }

    /** A byte every 100 ms is a sign of life, and too slow all the same. */
    private static String drip(Socket socket, String text) {
        try {
            for (char letter : text.toCharArray()) {
                write(socket, String.valueOf(letter));
                Thread.sleep(100);
                if (socket.getInputStream().available() > 0) {
                    return "answer";
                }
            }
            return "all sent";
        } catch (IOException e) {
            return "leave";
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anUpgradeToHttp2IsPassedOverWithTheBodyWhole() throws IOException, InterruptedException {
        HttpClient upgrading =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
        for (int size : List.of(1, 100_000)) {
            String text = "a".repeat(size);
            HttpResponse<String> response = upgrading.send(
                    served.to("/tokenize")
                            .POST(BodyPublishers.ofString("{\"prompt\": \"" + text + "\"}"))
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(200, response.statusCode());
            assertEquals(HttpClient.Version.HTTP_1_1, response.version());
            String back = served.ask(
                            "/detokenize",
                            "{\"tokens\": " + Served.json(response.body()).path("tokens") + "}")
                    .path("prompt")
                    .textValue();
            assertEquals(text, back);
        }
        for (String streams : List.of("true", "false")) {
            String padding = " ".repeat(100_000);
            HttpResponse<String> response = upgrading.send(
                    served.to("/v1/completions")
                            .POST(BodyPublishers.ofString("{\"prompt\": \"Once\", \"max_tokens\": 3, " + padding
                                    + "\"stream\": " + streams + "}"))
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(200, response.statusCode());
            assertTrue(response.body().toLowerCase(Locale.ROOT).contains("text_completion"));
        }
    }
}
