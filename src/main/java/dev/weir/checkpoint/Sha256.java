package dev.weir.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Digests in lower-case hex. */
final class Sha256 {

    private static final int CHUNK_BYTES = 1 << 20;

    private Sha256() {}

    /** Of one file its digest; of several that of the lines that {@code sha256sum} prints for them. */
    static String ofFiles(List<Path> files) throws IOException {
        if (files.size() == 1) {
            return ofFile(files.getFirst());
        }
        var lines = new StringBuilder();
        for (Path file : files) {
            lines.append(ofFile(file)).append("  ").append(file.getFileName()).append('\n');
        }
        return hex(newDigest().digest(lines.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static String ofFile(Path file) throws IOException {
        MessageDigest digest = newDigest();
        byte[] chunk = new byte[CHUNK_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int bytes = in.read(chunk); bytes >= 0; bytes = in.read(chunk)) {
                digest.update(chunk, 0, bytes);
            }
        }
        return hex(digest.digest());
    }

    /** Of memory. */
    static String of(MemorySegment data) {
        MessageDigest digest = newDigest();
        for (long from = 0; from < data.byteSize(); from += CHUNK_BYTES) {
            digest.update(data.asSlice(from, Math.min(CHUNK_BYTES, data.byteSize() - from))
                    .asByteBuffer());
        }
        return hex(digest.digest());
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }
}
