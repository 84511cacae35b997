package dev.weir.batching;

import java.io.Serial;

/** A request was not accepted, for now: too many wait already, or the scheduler takes no more. */
public final class RefusedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    private final boolean closing;

    RefusedException(String message, boolean closing) {
        super(message);
        this.closing = closing;
    }

    /** Whether it is no use to try again later. */
    public boolean isClosing() {
        return closing;
    }
}
