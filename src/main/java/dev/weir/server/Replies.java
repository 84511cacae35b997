package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;

/** Answers that are whole when they are sent. */
final class Replies {

    private static final String SECONDS_TO_WAIT = "1";

    private Replies() {}

    /** JSON that nobody keeps. */
    static void json(ServerResponse response, int status, JsonNode body) {
        response.status(status(status));
        response.header(HeaderNames.CONTENT_TYPE, "application/json");
        response.send(Json.bytes(body));
    }

    /** A status with its words. */
    static Status status(int code) {
        return code == 431 ? Status.create(code, "Request Header Fields Too Large") : Status.create(code);
    }

    /** An error. */
    static void error(ServerResponse response, ErrorBody body) {
        if (body.status() == 429 || body.status() == 503) {
            response.header(HeaderNames.RETRY_AFTER, SECONDS_TO_WAIT);
        }
        if (body.status() == 401) {
            response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
        }
        json(response, body.status(), body.json());
    }
}
