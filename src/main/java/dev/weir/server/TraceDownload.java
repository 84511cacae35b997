package dev.weir.server;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code /traces/ID.safetensors}. */
final class TraceDownload {

    private static final Pattern NAME = Pattern.compile("([0-9a-f]{32})\\.safetensors");

    private TraceDownload() {}

    static void send(Serving serving, String name, ServerResponse response) throws IOException {
        Matcher matcher = NAME.matcher(name);
        TraceFiles.Published file = serving.traces()
                .filter(traces -> matcher.matches())
                .flatMap(traces -> traces.find(matcher.group(1)))
                .orElseThrow(TraceDownload::unknown);
        try (var in = Files.newInputStream(file.path())) {
            response.header(HeaderNames.CONTENT_TYPE, "application/octet-stream");
            response.header(HeaderNames.CONTENT_LENGTH, Long.toString(file.bytes()));
            response.header(HeaderNames.ETAG, '"' + file.sha256() + '"');
            try (OutputStream out = response.outputStream()) {
                in.transferTo(out);
            }
        } catch (NoSuchFileException e) {
            throw unknown();
        }
    }

    private static RefusalException unknown() {
        return new RefusalException(ErrorBody.refused(
                404, "trace: expected one that was made a short while ago, got another", "not_found"));
    }
}
