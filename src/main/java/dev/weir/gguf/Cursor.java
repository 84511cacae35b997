package dev.weir.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads a file from its beginning on, and never past its end. */
final class Cursor {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final MemorySegment bytes;
    private long at;

    /** @param file named in errors */
    Cursor(Path file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /** The next byte to be read. */
    long at() {
        return at;
    }

    private long take(long count, String place) {
        requireLeft(count, 1, place);
        long from = at;
        at += count;
        return from;
    }

    /** Refuses a number of things, each at least so many bytes, for which the file has no room. */
    void requireLeft(long count, long bytesEach, String place) {
        long left = bytes.byteSize() - at;
        if (count < 0 || count > left / bytesEach) {
            throw new GgufException(
                    file,
                    place,
                    "no more than the " + left + " bytes that are left",
                    Long.toUnsignedString(count) + (bytesEach == 1 ? "" : " of " + bytesEach + " bytes or more"));
        }
    }

    byte int8(String place) {
        return bytes.get(ValueLayout.JAVA_BYTE, take(Byte.BYTES, place));
    }

    short int16(String place) {
        return bytes.get(SHORT, take(Short.BYTES, place));
    }

    int int32(String place) {
        return bytes.get(INT, take(Integer.BYTES, place));
    }

    long int64(String place) {
        return bytes.get(LONG, take(Long.BYTES, place));
    }

    /**
     * Text with its length before it.
     *
     * @param longest bytes that it may have
     */
    String text(long longest, String place) {
        long length = int64(place);
        if (length < 0 || length > longest) {
            throw new GgufException(
                    file, place, "text of at most " + longest + " bytes", Long.toUnsignedString(length) + " bytes");
        }
        byte[] utf8 = bytes.asSlice(take(length, place), length).toArray(ValueLayout.JAVA_BYTE);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new GgufException(file, place, "text in UTF-8", "other bytes");
        }
    }
}
