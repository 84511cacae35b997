package dev.weir.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** A sha256 that grows, as lower-case hex in the end. */
final class Digest {

    private static final int CHUNK_BYTES = 1 << 20;

    private final MessageDigest digest;

    Digest() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Of one file its digest; of several that of the lines that {@code sha256sum} prints for them. */
    static String ofFiles(List<Path> files) throws IOException {
        if (files.size() == 1) {
            return ofFile(files.getFirst());
        }
        var lines = new StringBuilder();
        for (Path file : files) {
            lines.append(ofFile(file)).append("  ").append(file.getFileName()).append('\n');
        }
        var digest = new Digest();
        digest.add(lines.toString().getBytes(StandardCharsets.UTF_8));
        return digest.hex();
    }

    /** Of what lies in a file. */
    static String ofFile(Path file) throws IOException {
        var digest = new Digest();
        byte[] chunk = new byte[CHUNK_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int bytes = in.read(chunk); bytes >= 0; bytes = in.read(chunk)) {
                digest.digest.update(chunk, 0, bytes);
            }
        }
        return digest.hex();
    }

    /** Takes numbers, each as four bytes, little-endian. */
    void add(int... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(numbers);
        digest.update(bytes);
    }

    /** Takes bytes. */
    void add(byte[] bytes) {
        digest.update(bytes);
    }

    /** The digest of what was added; nothing may be added after. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
