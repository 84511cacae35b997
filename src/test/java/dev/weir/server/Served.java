package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.engine.Options;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A server on a port of its own, and a client. */
final class Served implements AutoCloseable {

    static final Path MODEL = Path.of("weights", "weir-stories");
    static final ObjectMapper MAPPER = new ObjectMapper();

    private final WeirServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    private Served(WeirServer server) {
        this.server = server;
    }

    static Served plain() {
        return with(options -> options);
    }

    static Served with(UnaryOperator<ServerOptions> change) {
        ServerOptions options = ServerOptions.of(MODEL)
                .withMachine(Options.DEFAULT.withDevice("cpu"))
                .withAccess(ServerOptions.Access.DEFAULT.withPort(0));
        WeirServer server = WeirServer.start(change.apply(options));
        try {
            server.awaitReady();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
        return new Served(server);
    }

    WeirServer server() {
        return server;
    }

    HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
    }

    HttpResponse<String> send(HttpRequest request) {
        try {
            return client.send(request, BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    HttpResponse<byte[]> fetch(String path) {
        try {
            return client.send(to(path).GET().build(), BodyHandlers.ofByteArray());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    HttpResponse<String> get(String path) {
        return send(to(path).GET().build());
    }

    HttpResponse<String> post(String path, String body) {
        return send(to(path).POST(BodyPublishers.ofString(body)).build());
    }

    /** The answer to a request that is honoured. */
    JsonNode ask(String path, String body) {
        HttpResponse<String> response = post(path, body.replace('\'', '"'));
        assertEquals(200, response.statusCode(), response.body());
        return json(response.body());
    }

    /** The error that answers a request. */
    JsonNode refusal(int status, String path, String body) {
        HttpResponse<String> response = post(path, body.replace('\'', '"'));
        assertEquals(status, response.statusCode(), response.body());
        return json(response.body()).path("error");
    }

    /** The events of a stream, which ends as it should. */
    List<JsonNode> events(String path, String body) {
        HttpResponse<String> response = post(path, body.replace('\'', '"'));
        assertEquals(200, response.statusCode(), response.body());
        assertEquals(
                "text/event-stream; charset=utf-8",
                response.headers().firstValue("content-type").orElse(""));
        String[] blocks = response.body().split("\n\n");
        assertEquals("data: [DONE]", blocks[blocks.length - 1]);
        var events = new ArrayList<JsonNode>();
        for (int i = 0; i < blocks.length - 1; i++) {
            assertEquals("data: ", blocks[i].substring(0, 6));
            events.add(json(blocks[i].substring(6)));
        }
        return events;
    }

    static JsonNode json(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (IOException e) {
            throw new AssertionError("no JSON: " + text, e);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
