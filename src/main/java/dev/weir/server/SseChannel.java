package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** An answer that comes event by event, as server-sent events. Its head is sent with the first of them. */
final class SseChannel {

    private static final byte[] BEGIN = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);

    private final ServerResponse response;
    private Optional<OutputStream> stream = Optional.empty();

    SseChannel(ServerResponse response) {
        this.response = response;
    }

    /** Whether something has been sent, so that it is too late for another status. */
    boolean isOpen() {
        return stream.isPresent();
    }

    /** Sends one event, now. */
    void send(JsonNode event) {
        write(Json.bytes(event));
    }

    /** Says that all is sent. */
    void done() {
        write(DONE);
        try {
            stream.orElseThrow().close();
        } catch (IOException e) {
            throw gone(e);
        }
    }

    private void write(byte[] data) {
        var event = new ByteArrayOutputStream(BEGIN.length + data.length + END.length);
        event.writeBytes(BEGIN);
        event.writeBytes(data);
        event.writeBytes(END);
        try {
            OutputStream out = stream.orElseGet(this::open);
            out.write(event.toByteArray());
            out.flush();
        } catch (IOException e) {
            throw gone(e);
        }
    }

    private OutputStream open() {
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        response.header(HeaderNames.create("X-Accel-Buffering"), "no");
        OutputStream opened = response.outputStream();
        stream = Optional.of(opened);
        return opened;
    }

    private static CloseConnectionException gone(Exception cause) {
        return new CloseConnectionException("the client is gone", cause);
    }
}
