package dev.weir.server;

import dev.weir.batching.Scheduler;
import dev.weir.chat.ChatTemplate;
import dev.weir.engine.Weir;
import java.util.Optional;

/**
 * A model that is ready.
 *
 * @param name under which clients ask for it
 * @param created when it became ready, in seconds of Unix
 * @param traces where files of traces lie; empty: none are made
 */
record Serving(
        Weir weir,
        Scheduler scheduler,
        ChatTemplate template,
        String name,
        long created,
        ServerOptions options,
        Optional<TraceFiles> traces) {

    private static final int FINGERPRINT_DIGITS = 12;

    /** What tells these weights from others. */
    String fingerprint() {
        return "fp_" + weir.sha256().substring(0, FINGERPRINT_DIGITS);
    }

    Optional<ServerOptions.Insight> insight() {
        return options.insight();
    }

    TokenText tokenText() {
        return new TokenText(weir.tokenizer());
    }

    /** Refuses a request for another model. */
    void requireModel(Fields fields) {
        fields.text("model").filter(asked -> !asked.equals(name)).ifPresent(asked -> {
            throw new RefusalException(unknownModel());
        });
    }

    ErrorBody unknownModel() {
        return new ErrorBody(
                404,
                "model: expected '" + name + "', the only one here, got another",
                "invalid_request_error",
                "model",
                "model_not_found");
    }
}
