package dev.weir.server;

import dev.weir.dump.DumpWriter;
import dev.weir.dump.Provenance;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.hook.TraceSink;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Files of traces that clients may fetch for a while. Their names cannot be guessed. The oldest go first when there are too many,
 * when they are too large together, or when they are too old.
 */
final class TraceFiles implements AutoCloseable {

    static final int MOST_FILES = 256;
    static final long MOST_BYTES = 4L << 30;
    static final Duration OLDEST = Duration.ofHours(1);

    private static final int ID_BYTES = 16;

    private final Path folder;
    private final boolean isOurs;
    private final String version;
    private final SecureRandom random = new SecureRandom();
    private final SequencedMap<String, Published> published = new LinkedHashMap<>();

    /** A file that can be fetched. */
    record Published(String id, Path path, long bytes, String sha256, Instant at) {}

    /** A file that is being written. */
    record Pending(String id, Path path, DumpWriter writer) {
        /** Where its rows go. */
        TraceSink sink() {
            return writer;
        }
    }

    private TraceFiles(Path folder, boolean isOurs, String version) {
        this.folder = folder;
        this.isOurs = isOurs;
        this.version = version;
    }

    /**
     * Files in a folder, which stay when this is closed, or in one of its own, which does not.
     *
     * @param version of Weir, which the files tell
     */
    static TraceFiles in(Optional<Path> folder, String version) throws IOException {
        if (folder.isPresent() && !Files.isDirectory(folder.get())) {
            throw new IllegalArgumentException(
                    "trace folder '" + folder.get() + "': expected a folder, got none there");
        }
        return folder.isPresent()
                ? new TraceFiles(folder.get(), false, version)
                : new TraceFiles(Files.createTempDirectory("weir-traces-"), true, version);
    }

    /** A new file for a trace of one prompt. */
    Pending begin(Weir weir, Prompt prompt) {
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        String name = HexFormat.of().formatHex(id);
        Path path = folder.resolve(name + ".safetensors");
        var provenance = new Provenance(
                weir.name(),
                weir.sha256(),
                weir.dtype().label(),
                weir.machine(),
                version,
                List.of(weir.encode(prompt).size()));
        return new Pending(name, path, new DumpWriter(path, provenance));
    }

    /** Lets a finished file be fetched. */
    Published publish(Pending file) throws IOException {
        var finished =
                new Published(file.id(), file.path(), Files.size(file.path()), sha256(file.path()), Instant.now());
        synchronized (this) {
            published.put(finished.id(), finished);
            forget();
        }
        return finished;
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            var digest = MessageDigest.getInstance("SHA-256");
            in.transferTo(new DigestOutputStream(java.io.OutputStream.nullOutputStream(), digest));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** A file that has not gone. */
    synchronized Optional<Published> find(String id) {
        forget();
        return Optional.ofNullable(published.get(id));
    }

    private void forget() {
        Instant oldest = Instant.now().minus(OLDEST);
        while (!published.isEmpty()
                && (isTooMuch() || published.firstEntry().getValue().at().isBefore(oldest))) {
            delete(published.pollFirstEntry().getValue().path());
        }
    }

    private boolean isTooMuch() {
        long bytes = published.values().stream().mapToLong(Published::bytes).sum();
        return published.size() > MOST_FILES || (bytes > MOST_BYTES && published.size() > 1);
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes the folder, if it is of its own. */
    @Override
    public synchronized void close() {
        if (isOurs) {
            published.values().forEach(file -> delete(file.path()));
            published.clear();
            try (var left = Files.list(folder)) {
                left.forEach(TraceFiles::delete);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            delete(folder);
        }
    }
}
