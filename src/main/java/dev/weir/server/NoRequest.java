package dev.weir.server;

import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;

/** Answers to bytes that are no request, or one that is too large to be read. */
final class NoRequest implements DirectHandler {

    @Override
    public TransportResponse handle(
            TransportRequest request, EventType type, Status status, ServerResponseHeaders headers, String message) {
        ErrorBody body = body(status);
        return TransportResponse.builder()
                .status(Replies.status(body.status()))
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .entity(Json.bytes(body.json()))
                .keepAlive(false)
                .build();
    }

    private static ErrorBody body(Status status) {
        boolean isInHead = Peer.CURRENT.isBound() && Peer.CURRENT.get().headBytes() > PeerSelector.MOST_HEADER_BYTES;
        if (isInHead) {
            return ErrorBody.refused(
                    431, "headers: expected at most " + PeerSelector.MOST_HEADER_BYTES + " bytes", "headers_too_large");
        }
        if (status.code() == Status.REQUEST_ENTITY_TOO_LARGE_413.code()) {
            return ErrorBody.refused(413, "body: expected a smaller one", "body_too_large");
        }
        return status.code() >= 500
                ? new ErrorBody(status.code(), "the request cannot be answered", "server_error", null, null)
                : ErrorBody.refused(status.code(), "request: expected HTTP/1.1, got something else", "bad_request");
    }
}
