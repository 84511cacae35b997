package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who is answered, and what is too much. */
class GuardTest {

    private static Served served;

    @BeforeAll
    static void start() {
        served = Served.with(options -> options.withAccess(options.access().withApiKey("secret-key"))
                .withName("stories/one")
                .withLimits(options.limits().withBodyBytes(10_000).withNewTokens(50)));
    }

    @AfterAll
    static void stop() {
        served.close();
    }

    private static int status(String path, String authorization) {
        return served.send(served.to(path)
                        .header("Authorization", authorization)
                        .GET()
                        .build())
                .statusCode();
    }

    /** Sent as it is, for a client of Java's sets its own Host. */
    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", served.server().port())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String named(String host, String more) {
        return "GET /health HTTP/1.1\r\nHost: " + host + "\r\n" + more + "Connection: close\r\n\r\n";
    }

    @Test
    void theKeyIsAskedForExceptForHealthAndPage() {
        for (String path : new String[] {"/v1/models", "/metrics", "/traces/x", "/v1/models/a"}) {
            HttpResponse<String> response = served.get(path);
            assertEquals(401, response.statusCode(), path);
            assertEquals(
                    "invalid_api_key",
                    Served.json(response.body()).path("error").path("code").textValue());
            assertFalse(response.body().contains("secret-key"));
        }
        assertEquals(401, served.post("/v1/completions", "{}").statusCode());
        assertEquals(401, status("/v1/models", "Bearer secret-kez"));
        assertEquals(401, status("/v1/models", "secret-key"));
        assertEquals(200, status("/v1/models", "Bearer secret-key"));
        assertEquals(200, status("/v1/models/stories/one", "Bearer secret-key"));
        assertEquals(404, status("/v1/models/other", "Bearer secret-key"));
        assertEquals(200, served.get("/health").statusCode());
        assertEquals(200, served.get("/").statusCode());
    }

    @Test
    void onlyItsOwnNamesAreAnswered() throws IOException {
        assertTrue(raw(named("localhost:1", "")).startsWith("HTTP/1.1 200"));
        assertTrue(raw(named("[::1]:8080", "")).startsWith("HTTP/1.1 200"));
        assertTrue(raw(named("localhost", "Origin: http://localhost\r\n")).startsWith("HTTP/1.1 200"));
        assertTrue(raw(named("evil.example", "")).startsWith("HTTP/1.1 403"));
        assertTrue(raw(named("localhost.evil.example", "")).startsWith("HTTP/1.1 403"));
        assertTrue(raw(named("localhost", "Origin: http://evil.example\r\n")).startsWith("HTTP/1.1 403"));
        assertTrue(raw(named("localhost", "Origin: null\r\n")).startsWith("HTTP/1.1 403"));
    }

    @Test
    void tooMuchIsRefused() throws IOException {
        HttpResponse<String> large = served.send(served.to("/v1/completions")
                .header("Authorization", "Bearer secret-key")
                .POST(BodyPublishers.ofByteArray(new byte[10_001]))
                .build());
        assertEquals(413, large.statusCode());
        assertEquals(
                "body_too_large",
                Served.json(large.body()).path("error").path("code").textValue());
        assertTrue(raw(named("localhost", "A: " + "a".repeat(20_000) + "\r\n")).startsWith("HTTP/1.1 431"));
        assertTrue(raw("nonsense\r\n\r\n").contains("\"code\":\"bad_request\""));
        HttpResponse<String> tokens = served.send(served.to("/v1/completions")
                .header("Authorization", "Bearer secret-key")
                .POST(BodyPublishers.ofString("{\"prompt\": \"a\", \"max_tokens\": 51}"))
                .build());
        assertEquals(400, tokens.statusCode());
        assertEquals(
                "max_tokens",
                Served.json(tokens.body()).path("error").path("param").textValue());
    }

    @Test
    void aWrongMethodOrPathIsAnError() {
        HttpResponse<String> method = served.send(served.to("/v1/completions")
                .header("Authorization", "Bearer secret-key")
                .GET()
                .build());
        assertEquals(405, method.statusCode());
        assertEquals("POST", method.headers().firstValue("allow").orElse(""));
        assertEquals(404, served.get("/nothing.html").statusCode());
        assertEquals(404, served.get("/..%2fpom.xml").statusCode());
        assertEquals(404, served.get("/index.html/../../x").statusCode());
    }

    @Test
    void thePageIsStrictAndCanBeKept() {
        HttpResponse<String> page = served.get("/");
        assertEquals(
                "text/html; charset=utf-8",
                page.headers().firstValue("content-type").orElse(""));
        assertTrue(
                page.headers().firstValue("content-security-policy").orElse("").startsWith("default-src 'none';"));
        String tag = page.headers().firstValue("etag").orElseThrow();
        HttpResponse<String> again =
                served.send(served.to("/").header("If-None-Match", tag).GET().build());
        assertEquals(304, again.statusCode());
        assertEquals("", again.body());
    }

    @Test
    void whereOthersCanReachAKeyIsNeeded() {
        var options = ServerOptions.of(Served.MODEL)
                .withAccess(ServerOptions.Access.DEFAULT.withHost("0.0.0.0").withPort(0));
        var refusal = assertThrows(IllegalArgumentException.class, () -> WeirServer.start(options));
        assertTrue(refusal.getMessage().contains("API key"), refusal.getMessage());
    }

    @Test
    void aPortThatIsTakenIsSaid() {
        var options = ServerOptions.of(Served.MODEL)
                .withAccess(
                        ServerOptions.Access.DEFAULT.withPort(served.server().port()));
        var refusal = assertThrows(IllegalArgumentException.class, () -> WeirServer.start(options));
        assertTrue(refusal.getMessage().startsWith("port "), refusal.getMessage());
    }
}
