package dev.weir.server;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A request that is answered with an error. */
final class RefusalException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    private final transient ErrorBody body;

    RefusalException(ErrorBody body) {
        super(body.message());
        this.body = body;
    }

    /** A field that cannot be honoured. */
    static RefusalException field(@Nullable String param, String message) {
        return new RefusalException(ErrorBody.field(param, message));
    }

    ErrorBody body() {
        return body;
    }
}
