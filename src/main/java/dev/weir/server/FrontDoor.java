package dev.weir.server;

import dev.weir.metrics.ServerMetrics;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.Map;

/** Takes every request: says which endpoint it is for, who may ask, and what becomes of failures. */
final class FrontDoor {

    private static final String MODELS = "/v1/models/";
    private static final String TRACES = "/traces/";

    /** An endpoint. */
    private interface Endpoint {
        void answer(ServerRequest request, ServerResponse response) throws IOException, InterruptedException;
    }

    /** An endpoint that takes a JSON object and needs the model. */
    private interface Posted {
        void answer(Serving serving, Fields fields, ServerResponse response) throws InterruptedException;
    }

    /**
     * How an endpoint is asked.
     *
     * @param name in the metrics
     */
    private record Way(String name, String method, Endpoint endpoint) {}

    private final Guard guard;
    private final Stage stage;
    private final ServerMetrics metrics;
    private final Faults faults;
    private final StaticPage page = new StaticPage();
    private final Map<String, Way> ways;

    FrontDoor(Guard guard, Stage stage, ServerMetrics metrics, Faults faults) {
        this.guard = guard;
        this.stage = stage;
        this.metrics = metrics;
        this.faults = faults;
        var generating = new Generating(faults);
        this.ways = Map.of(
                "/v1/completions", post("completions", generating::complete),
                "/v1/chat/completions", post("chat", generating::chat),
                "/tokenize", post("tokenize", Tokens::encode),
                "/detokenize", post("detokenize", Tokens::decode),
                "/v1/models", new Way("models", "GET", (request, response) -> Models.list(stage.serving(), response)),
                "/metrics", new Way("metrics", "GET", (request, response) -> numbers(response)),
                "/health", new Way("health", "GET", (request, response) -> stage.health(response)));
    }

    private Way post(String name, Posted posted) {
        return new Way(name, "POST", (request, response) -> {
            Serving serving = stage.serving();
            byte[] body = request.content().inputStream().readAllBytes();
            posted.answer(serving, Fields.of(Json.parse(body)), response);
        });
    }

    private void numbers(ServerResponse response) {
        response.header(HeaderNames.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
        response.send(metrics.scrape());
    }

    /** Answers a request. */
    void answer(ServerRequest request, ServerResponse response) {
        long begun = System.nanoTime();
        Way way = way(request.path().path());
        response.header(HeaderNames.create("X-Content-Type-Options"), "nosniff");
        response.header(HeaderNames.CACHE_CONTROL, "no-store");
        try {
            guard.requireOurName(request);
            if (!way.name().equals("health") && !way.name().equals("page")) {
                guard.requireKey(request);
            }
            requireMethod(way, request, response);
            way.endpoint().answer(request, response);
        } catch (RefusalException e) {
            Replies.error(response, e.body());
        } catch (RequestException | CloseConnectionException e) {
            throw e;
        } catch (InterruptedException | DataReader.InsufficientDataAvailableException e) {
            throw new CloseConnectionException("the client or the server is gone", e);
        } catch (IOException | RuntimeException | Error e) {
            fail(e, response);
        } finally {
            metrics.onAnswered(way.name(), response.status().code(), System.nanoTime() - begun);
            Peer.CURRENT.get().answered(request.headers().contains(HeaderValues.CONNECTION_CLOSE));
        }
    }

    private void fail(Throwable cause, ServerResponse response) {
        ErrorBody body = faults.note(cause);
        if (!(response instanceof RoutingResponse routed) || !routed.resetStream()) {
            throw new CloseConnectionException("failed in the middle of an answer", cause);
        }
        Replies.error(response, body);
    }

    private static void requireMethod(Way way, ServerRequest request, ServerResponse response) {
        if (!request.prologue().method().text().equals(way.method())) {
            response.header(HeaderNames.ALLOW, way.method());
            throw new RefusalException(
                    ErrorBody.refused(405, "method: expected " + way.method() + ", got another", "method_not_allowed"));
        }
    }

    private Way way(String path) {
        Way known = ways.get(path);
        if (known != null) {
            return known;
        }
        if (path.startsWith(MODELS)) {
            return new Way(
                    "models",
                    "GET",
                    (request, response) -> Models.one(stage.serving(), path.substring(MODELS.length()), response));
        }
        if (path.startsWith(TRACES)) {
            return new Way(
                    "traces",
                    "GET",
                    (request, response) ->
                            TraceDownload.send(stage.serving(), path.substring(TRACES.length()), response));
        }
        return new Way("page", "GET", (request, response) -> {
            if (!page.answer(path, request, response)) {
                throw new RefusalException(
                        ErrorBody.refused(404, "path: expected one of the API, got another", "not_found"));
            }
        });
    }
}
