package dev.weir.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told of a request that is not answered, in OpenAI's shape.
 *
 * @param status of HTTP
 * @param type OpenAI's word for whose fault it is
 * @param param the field at fault
 * @param code for programs
 */
record ErrorBody(
        int status,
        String message,
        String type,
        @Nullable String param,
        @Nullable String code) {

    private static final String INVALID = "invalid_request_error";
    private static final String SERVER = "server_error";

    /** A field that cannot be honoured. */
    static ErrorBody field(@Nullable String param, String message) {
        return new ErrorBody(400, message, INVALID, param, null);
    }

    /** A request that cannot be honoured as it is. */
    static ErrorBody refused(int status, String message, @Nullable String code) {
        return new ErrorBody(status, message, INVALID, null, code);
    }

    /** A request that may be honoured later. */
    static ErrorBody busy(String message) {
        return new ErrorBody(429, message, "rate_limit_error", null, "rate_limit_exceeded");
    }

    /** A server that is not there yet, or no more. */
    static ErrorBody unavailable(String message) {
        return new ErrorBody(503, message, SERVER, null, "service_unavailable");
    }

    /**
     * A failure that is nobody's business.
     *
     * @param id under which the log has it
     */
    static ErrorBody internal(String id) {
        return new ErrorBody(500, "internal error " + id, SERVER, null, "internal_error");
    }

    ObjectNode json() {
        ObjectNode body = Json.object();
        body.putObject("error")
                .put("message", message)
                .put("type", type)
                .put("param", param)
                .put("code", code);
        return body;
    }
}
