package dev.weir.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SequencedMap;
import java.util.UUID;

/** Writes GGUF files of version 3, little-endian. Equal contents are equal bytes. */
public final class GgufWriter {

    private static final int CHUNK_BYTES = 1 << 20;

    private final ByteArrayOutputStream header = new ByteArrayOutputStream();

    private GgufWriter() {}

    /**
     * Writes a file, of which nothing appears under its name before it is whole.
     *
     * @param metadata in the order in which it is to stand there; data are aligned to its {@code general.alignment}, or else to 32
     * @param tensors of distinct names
     * @throws IOException if it cannot be written; the target is then as it was
     */
    public static void write(Path target, SequencedMap<String, GgufValue> metadata, List<GgufTensor> tensors)
            throws IOException {
        int alignment = alignment(metadata);
        byte[] header = header(metadata, tensors, alignment);
        Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
        if (Files.exists(real) && !Files.isRegularFile(real)) {
            throw new IOException(target + ": expected a regular file or none, got something else");
        }
        Path part = real.resolveSibling("." + real.getFileName() + ".part-" + UUID.randomUUID());
        try {
            writeParts(part, header, tensors, alignment);
            Files.move(part, real, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static void writeParts(Path part, byte[] header, List<GgufTensor> tensors, int alignment)
            throws IOException {
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            writeAligned(channel, MemorySegment.ofArray(header), alignment);
            for (GgufTensor tensor : tensors) {
                writeAligned(channel, tensor.data(), alignment);
            }
        }
    }

    private static int alignment(SequencedMap<String, GgufValue> metadata) {
        GgufValue value =
                metadata.getOrDefault(HeaderReader.ALIGNMENT, GgufValue.count(HeaderReader.DEFAULT_ALIGNMENT));
        if (value instanceof GgufValue.Whole whole
                && whole.type() == GgufValue.Type.UINT32
                && Long.bitCount(whole.value()) == 1
                && whole.value() <= CHUNK_BYTES) {
            return (int) whole.value();
        }
        throw new IllegalArgumentException(
                "metadata " + HeaderReader.ALIGNMENT + ": expected a power of two as uint32, got " + value);
    }

    private static byte[] header(SequencedMap<String, GgufValue> metadata, List<GgufTensor> tensors, int alignment) {
        long names = tensors.stream().map(GgufTensor::name).distinct().count();
        if (names < tensors.size()) {
            throw new IllegalArgumentException(
                    "tensors: expected distinct names, got " + names + " for " + tensors.size());
        }
        var writer = new GgufWriter();
        writer.putInt(HeaderReader.MAGIC);
        writer.putInt(HeaderReader.VERSION);
        writer.putLong(tensors.size());
        writer.putLong(metadata.size());
        metadata.forEach((key, value) -> {
            writer.putText(key);
            writer.putInt(value.type().number());
            writer.put(value);
        });
        long offset = 0;
        for (GgufTensor tensor : tensors) {
            writer.put(tensor, offset);
            offset += Math.ceilDiv(tensor.data().byteSize(), alignment) * (long) alignment;
        }
        return writer.header.toByteArray();
    }

    private void put(GgufTensor tensor, long offset) {
        putText(tensor.name());
        putInt(tensor.shape().size());
        tensor.shape().reversed().forEach(this::putLong);
        putInt(tensor.type().number());
        putLong(offset);
    }

    private void put(GgufValue value) {
        switch (value) {
            case GgufValue.Whole whole -> put(whole.value(), whole.type().leastBytes());
            case GgufValue.Real real -> {
                if (real.type() == GgufValue.Type.FLOAT32) {
                    putInt(Float.floatToRawIntBits((float) real.value()));
                } else {
                    putLong(Double.doubleToRawLongBits(real.value()));
                }
            }
            case GgufValue.Flag flag -> header.write(flag.value() ? 1 : 0);
            case GgufValue.Text text -> putText(text.value());
            case GgufValue.Array array -> {
                putInt(array.elementType().number());
                putLong(array.elements().size());
                array.elements().forEach(this::put);
            }
        }
    }

    private void putText(String text) {
        try {
            ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            putLong(utf8.remaining());
            while (utf8.hasRemaining()) {
                header.write(utf8.get());
            }
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "metadata: expected text with a UTF-8 form, got half a surrogate pair", e);
        }
    }

    private void putInt(int value) {
        put(value, Integer.BYTES);
    }

    private void putLong(long value) {
        put(value, Long.BYTES);
    }

    /** The low bytes of a number, the lowest first. */
    private void put(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            header.write((int) (value >>> (8 * i)));
        }
    }

    /** Writes bytes and, after them, zeros up to the alignment. */
    private static void writeAligned(FileChannel channel, MemorySegment bytes, int alignment) throws IOException {
        for (long done = 0; done < bytes.byteSize(); done += CHUNK_BYTES) {
            MemorySegment chunk = bytes.asSlice(done, Math.min(CHUNK_BYTES, bytes.byteSize() - done));
            writeAll(channel, ByteBuffer.wrap(chunk.toArray(ValueLayout.JAVA_BYTE)));
        }
        long padded = Math.ceilDiv(bytes.byteSize(), alignment) * (long) alignment;
        writeAll(channel, ByteBuffer.allocate((int) (padded - bytes.byteSize())));
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
