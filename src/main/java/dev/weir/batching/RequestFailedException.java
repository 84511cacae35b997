package dev.weir.batching;

import java.io.Serial;

/** A request that was accepted could not be finished; the cause says why. */
public final class RequestFailedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    RequestFailedException(Throwable cause) {
        super("the request could not be finished: " + cause.getMessage(), cause);
    }
}
