package dev.weir.server;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The page for people, and its parts: files beside these classes. They hold nothing that is secret, so they need no key. */
final class StaticPage {

    private static final Pattern NAME = Pattern.compile("/([A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*\\.([a-z0-9]+))");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "json", "application/json",
            "svg", "image/svg+xml",
            "png", "image/png",
            "ico", "image/x-icon",
            "woff2", "font/woff2",
            "txt", "text/plain; charset=utf-8");
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final Map<String, Optional<Part>> parts = new ConcurrentHashMap<>();

    /** A file. */
    private record Part(byte[] bytes, String type, String tag) {}

    /** Answers with the file of a path, if there is one. */
    boolean answer(String path, ServerRequest request, ServerResponse response) {
        Matcher name = NAME.matcher(path.equals("/") ? "/index.html" : path);
        if (!name.matches() || !TYPES.containsKey(name.group(2))) {
            return false;
        }
        Optional<Part> part = find(name.group(1), name.group(2));
        part.ifPresent(found -> send(found, request, response));
        return part.isPresent();
    }

    /** What is not there is not remembered, for anybody can ask for anything. */
    private Optional<Part> find(String name, String ending) {
        Optional<Part> known = parts.getOrDefault(name, Optional.empty());
        if (known.isPresent()) {
            return known;
        }
        Optional<Part> read = read(name, ending);
        read.ifPresent(part -> parts.put(name, read));
        return read;
    }

    private static Optional<Part> read(String name, String ending) {
        try (InputStream in = StaticPage.class.getResourceAsStream("page/" + name)) {
            if (in == null) {
                return Optional.empty();
            }
            byte[] bytes = in.readAllBytes();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            String tag = '"' + HexFormat.of().formatHex(digest, 0, 16) + '"';
            return Optional.of(new Part(bytes, TYPES.getOrDefault(ending, "application/octet-stream"), tag));
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new IllegalStateException("a file of the page cannot be read", e);
        }
    }

    private static void send(Part part, ServerRequest request, ServerResponse response) {
        response.header(HeaderNames.ETAG, part.tag());
        response.header(HeaderNames.CACHE_CONTROL, "no-cache");
        response.header(HeaderNames.create("Content-Security-Policy"), POLICY);
        response.header(HeaderNames.create("Referrer-Policy"), "no-referrer");
        if (request.headers()
                .first(HeaderNames.IF_NONE_MATCH)
                .filter(part.tag()::equals)
                .isPresent()) {
            response.status(Status.NOT_MODIFIED_304).send();
        } else {
            response.header(HeaderNames.CONTENT_TYPE, part.type());
            response.send(part.bytes());
        }
    }
}
