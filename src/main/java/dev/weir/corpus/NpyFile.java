package dev.weir.corpus;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One array as numpy saves it, in version 1.0 of its format: a magic number, a Python dictionary padded so that the data begin at a multiple of 64, and
 * the data. {@code np.load(file, mmap_mode="r")} maps it.
 */
final class NpyFile {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    private static final int ALIGNMENT = 64;

    private NpyFile() {}

    /** Begins a file: its data are what is written to the channel next. */
    static FileChannel create(Path path, DType type, List<Long> shape) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try {
            ByteBuffer header = header(type, shape);
            while (header.hasRemaining()) {
                channel.write(header);
            }
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static ByteBuffer header(DType type, List<Long> shape) {
        String extents = shape.stream().map(extent -> extent + ",").collect(Collectors.joining(" "));
        String dictionary =
                "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }".formatted(descriptor(type), extents);
        int fixed = MAGIC.length + Short.BYTES;
        int total = Math.ceilDiv(fixed + dictionary.length() + 1, ALIGNMENT) * ALIGNMENT;
        String padded = dictionary + " ".repeat(total - fixed - dictionary.length() - 1) + "\n";
        return ByteBuffer.allocate(total)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putShort((short) padded.length())
                .put(padded.getBytes(StandardCharsets.US_ASCII))
                .flip();
    }

    private static String descriptor(DType type) {
        return switch (type) {
            case FLOAT64 -> "<f8";
            case FLOAT32 -> "<f4";
            case FLOAT16 -> "<f2";
            case INT64 -> "<i8";
            case INT32 -> "<i4";
            case INT16 -> "<i2";
            case INT8 -> "|i1";
            case UINT8 -> "|u1";
            case BOOL -> "|b1";
            case BFLOAT16 -> throw new IllegalArgumentException("dtype bfloat16: expected one that numpy has");
        };
    }
}
