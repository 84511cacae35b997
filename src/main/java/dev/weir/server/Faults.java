package dev.weir.server;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Failures of ours: the log has them in full, a client has a number to ask about. */
final class Faults {

    private final Logger log;

    Faults(Logger log) {
        this.log = log;
    }

    /** Notes a failure and says what a client is told. */
    ErrorBody note(Throwable cause) {
        String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        log.log(Level.ERROR, "internal error " + id, cause);
        return ErrorBody.internal(id);
    }
}
