package dev.weir.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files made by hand, so that the reader is not only tested against the writer. */
final class Bytes {

    private Bytes() {}

    /** A file of a length, a header as it is given, and so many zero bytes of data. */
    static byte[] file(String header, int dataBytes) {
        return file(header.getBytes(StandardCharsets.UTF_8), dataBytes);
    }

    static byte[] file(byte[] header, int dataBytes) {
        return file(header.length, header, dataBytes);
    }

    static byte[] file(long length, byte[] header, int dataBytes) {
        return ByteBuffer.allocate(Header.LENGTH_BYTES + header.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .array();
    }

    /** Reads every byte that the file offers, as a user would. */
    static void readAll(Path file) throws IOException {
        try (var opened = SafetensorsFile.open(file)) {
            for (var entry : opened.entries()) {
                for (long i = 0; i < entry.elements(); i++) {
                    entry.dtype().read(entry.data(), i * entry.dtype().bytes());
                }
            }
        }
    }

    static Path write(Path file, byte[] bytes) {
        try {
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
