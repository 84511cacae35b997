package dev.weir.server;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Who may ask. A server of this computer alone answers to its own names only, so that no page of the web can talk to it through a name
 * of its own; a page from elsewhere is not answered at all.
 */
final class Guard {

    private static final String BEARER = "Bearer ";

    private final Optional<byte[]> key;
    private final Optional<Set<String>> names;

    /** @param address on which the server is heard */
    Guard(ServerOptions.Access access, InetAddress address) {
        this.key = access.apiKey().map(Guard::digest);
        this.names = address.isLoopbackAddress() ? Optional.of(names(access)) : Optional.empty();
    }

    private static Set<String> names(ServerOptions.Access access) {
        var names = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));
        names.add(access.host().toLowerCase(Locale.ROOT));
        access.names().forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
        return names;
    }

    /** Refuses a request that was sent to another name, or from a page of another. */
    void requireOurName(ServerRequest request) {
        String host = request.headers().first(HeaderNames.HOST).orElse("").toLowerCase(Locale.ROOT);
        if (names.isPresent() && !names.get().contains(withoutPort(host))) {
            throw new RefusalException(
                    ErrorBody.refused(403, "Host: expected a name of this server, got another", "host_not_allowed"));
        }
        Optional<String> origin = request.headers().first(HeaderNames.ORIGIN);
        if (origin.isPresent()
                && !origin.get()
                        .toLowerCase(Locale.ROOT)
                        .replaceFirst("^https?://", "")
                        .equals(host)) {
            throw new RefusalException(ErrorBody.refused(
                    403, "Origin: expected a page of this server, got another", "origin_not_allowed"));
        }
    }

    private static String withoutPort(String host) {
        return host.replaceFirst(":\\d+$", "");
    }

    /** Refuses a request without the key, if there is one. */
    void requireKey(ServerRequest request) {
        if (key.isPresent()) {
            String given = request.headers().first(HeaderNames.AUTHORIZATION).orElse("");
            boolean isBearer = given.regionMatches(true, 0, BEARER, 0, BEARER.length());
            byte[] shown = digest(isBearer ? given.substring(BEARER.length()).strip() : "");
            if (!MessageDigest.isEqual(shown, key.get())) {
                throw new RefusalException(ErrorBody.refused(
                        401, "Authorization: expected 'Bearer' and the server's API key", "invalid_api_key"));
            }
        }
    }

    /** Digests have one length, so that comparing them tells nothing of the key's. */
    private static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
