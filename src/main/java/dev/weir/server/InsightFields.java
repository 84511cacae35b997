package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.dump.DumpException;
import dev.weir.edit.EditLanguage;
import dev.weir.engine.Weir;
import dev.weir.gguf.GgufException;
import dev.weir.hook.Edits;
import dev.weir.hook.Hooks;
import dev.weir.safetensors.SafetensorsException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * What a request asks of the residual stream, under {@code weir}.
 *
 * @param trace points that go to a file
 * @param lensTop tokens for each layer of each new token
 * @param edits what is changed
 */
record InsightFields(Optional<Hooks> trace, OptionalInt lensTop, Edits edits) {

    static final InsightFields NONE = new InsightFields(Optional.empty(), OptionalInt.empty(), Edits.NONE);

    private static final int MOST_SELECTORS = 64;
    private static final int MOST_TOP = 50;

    /** Reads it. */
    static InsightFields read(Fields request, Weir weir, Optional<ServerOptions.Insight> allowed) {
        Optional<Fields> fields = request.inner("weir");
        if (fields.isEmpty()) {
            return NONE;
        }
        ServerOptions.Insight insight = allowed.orElseThrow(() -> new RefusalException(new ErrorBody(
                403,
                "weir: expected a server that was started with --allow-trace, got one that was not",
                "permission_error",
                "weir",
                "trace_not_allowed")));
        return new InsightFields(
                trace(fields.get(), weir), lens(fields.get()), edits(fields.get(), weir, insight.edits()));
    }

    private static Optional<Hooks> trace(Fields fields, Weir weir) {
        List<String> selectors = fields.texts("trace", MOST_SELECTORS);
        if (selectors.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(weir.select(String.join(",", selectors)));
        } catch (IllegalArgumentException e) {
            throw fields.refused("trace", String.valueOf(e.getMessage()));
        }
    }

    private static OptionalInt lens(Fields fields) {
        return fields.inner("lens")
                .map(lens -> OptionalInt.of(lens.integer("top_k", 1, MOST_TOP).orElse(5)))
                .orElse(OptionalInt.empty());
    }

    private static Edits edits(Fields fields, Weir weir, Optional<Path> folder) {
        Optional<JsonNode> list = fields.value("edits");
        if (list.isEmpty()) {
            return Edits.NONE;
        }
        Function<String, Path> files = new EditFiles(folder);
        try {
            return new EditLanguage(weir.config().dimensions()).parse(list.get(), files);
        } catch (IllegalArgumentException | SafetensorsException | DumpException | GgufException e) {
            throw fields.refused("edits", withoutFolder(String.valueOf(e.getMessage()), folder));
        } catch (IOException e) {
            throw fields.refused("edits", "expected files that can be read, got one that cannot");
        }
    }

    /** Where the files lie is nobody's business. */
    private static String withoutFolder(String message, Optional<Path> folder) {
        return folder.map(path -> message.replace(
                        EditFiles.real(path) + path.getFileSystem().getSeparator(), ""))
                .orElse(message)
                .lines()
                .findFirst()
                .orElse("");
    }
}
