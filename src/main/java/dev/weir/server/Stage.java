package dev.weir.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.ServerResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** How far a server is: its model is loading, ready, or not to be had any more. */
final class Stage {

    private final CompletableFuture<Serving> loaded = new CompletableFuture<>();
    private volatile boolean isClosing;

    CompletableFuture<Serving> loaded() {
        return loaded;
    }

    /** No more requests are taken. */
    void close() {
        isClosing = true;
    }

    /** The model, for a request that needs it. */
    Serving serving() {
        if (isClosing) {
            throw new RefusalException(ErrorBody.unavailable("the server is closing"));
        }
        return ready().orElseThrow(() -> new RefusalException(ErrorBody.unavailable("the model is loading")));
    }

    /** The model, if it has been loaded. */
    Optional<Serving> ready() {
        return loaded.isDone() && !loaded.isCompletedExceptionally() ? Optional.of(loaded.join()) : Optional.empty();
    }

    /** {@code /health}. */
    void health(ServerResponse response) {
        Optional<Serving> serving = ready();
        String status = isClosing
                ? "closing"
                : serving.isEmpty()
                        ? "loading"
                        : serving.get().scheduler().load().isBroken() ? "broken" : "ok";
        ObjectNode body = Json.object().put("status", status);
        serving.ifPresent(model -> body.put("model", model.name()));
        Replies.json(response, status.equals("ok") ? 200 : 503, body);
    }
}
