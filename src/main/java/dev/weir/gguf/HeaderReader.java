package dev.weir.gguf;

import static dev.weir.gguf.GgufException.quoted;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/** Reads what a file says of itself and of its tensors, and checks all that it claims before any of it is used. */
final class HeaderReader {

    /** {@code GGUF}, read as a little-endian number. */
    static final int MAGIC = 0x46554747;

    static final int VERSION = 3;
    static final String ALIGNMENT = "general.alignment";
    static final int DEFAULT_ALIGNMENT = 32;

    private static final int LONGEST_KEY_BYTES = 65_535;
    private static final int LONGEST_TEXT_BYTES = 1 << 30;
    private static final int MOST_ELEMENTS = 1 << 24;
    private static final int DEEPEST_ARRAY = 4;

    /** A tensor as the header tells of it. */
    private record Declared(String name, ElementType type, List<Long> shape, long offset) {}

    private final Path file;
    private final MemorySegment bytes;
    private final Cursor cursor;
    private long elements;

    /** @param bytes the whole file */
    HeaderReader(Path file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
        this.cursor = new Cursor(file, bytes);
    }

    /**
     * All of it.
     *
     * @throws GgufException if this is not a GGUF file of version 3, or a damaged one
     */
    Header read() {
        requireThatItIsGguf();
        long tensors = cursor.int64("number of tensors");
        cursor.requireLeft(tensors, Long.BYTES + 2 * Integer.BYTES + Long.BYTES, "number of tensors");
        long keys = cursor.int64("number of metadata");
        cursor.requireLeft(keys, Long.BYTES + Integer.BYTES + 1, "number of metadata");
        SequencedMap<String, GgufValue> metadata = readMetadata(keys);
        List<Declared> declared = readTensors(tensors);
        int alignment = alignment(metadata);
        long begin = Math.ceilDiv(cursor.at(), alignment) * (long) alignment;
        return new Header(Collections.unmodifiableSequencedMap(metadata), place(declared, begin, alignment));
    }

    private void requireThatItIsGguf() {
        if (bytes.byteSize() < Integer.BYTES || cursor.int32("magic") != MAGIC) {
            throw new GgufException(file, "file", "one that begins with GGUF", "another");
        }
        int version = cursor.int32("version");
        if (version != VERSION) {
            String got = Integer.reverseBytes(version) == VERSION ? "one that is big-endian" : String.valueOf(version);
            throw new GgufException(file, "version", String.valueOf(VERSION), got);
        }
    }

    private SequencedMap<String, GgufValue> readMetadata(long keys) {
        var metadata = new LinkedHashMap<String, GgufValue>();
        for (long i = 0; i < keys; i++) {
            String key = cursor.text(LONGEST_KEY_BYTES, "key " + i);
            String place = "metadata " + quoted(key);
            GgufValue value = readValue(readType(place), place, 0);
            if (metadata.put(key, value) != null) {
                throw new GgufException(file, place, "each key once", "it twice");
            }
        }
        return metadata;
    }

    private GgufValue.Type readType(String place) {
        int number = cursor.int32(place);
        return GgufValue.Type.ofNumber(number)
                .orElseThrow(
                        () -> new GgufException(file, place, "a type from 0 to 12", Integer.toUnsignedString(number)));
    }

    private GgufValue readValue(GgufValue.Type type, String place, int depth) {
        return switch (type) {
            case UINT8 -> new GgufValue.Whole(type, Byte.toUnsignedLong(cursor.int8(place)));
            case INT8 -> new GgufValue.Whole(type, cursor.int8(place));
            case UINT16 -> new GgufValue.Whole(type, Short.toUnsignedLong(cursor.int16(place)));
            case INT16 -> new GgufValue.Whole(type, cursor.int16(place));
            case UINT32 -> new GgufValue.Whole(type, Integer.toUnsignedLong(cursor.int32(place)));
            case INT32 -> new GgufValue.Whole(type, cursor.int32(place));
            case UINT64, INT64 -> new GgufValue.Whole(type, cursor.int64(place));
            case FLOAT32 -> new GgufValue.Real(type, Float.intBitsToFloat(cursor.int32(place)));
            case FLOAT64 -> new GgufValue.Real(type, Double.longBitsToDouble(cursor.int64(place)));
            case BOOL -> new GgufValue.Flag(readFlag(place));
            case STRING -> new GgufValue.Text(cursor.text(LONGEST_TEXT_BYTES, place));
            case ARRAY -> readArray(place, depth);
        };
    }

    private boolean readFlag(String place) {
        byte value = cursor.int8(place);
        if (value != 0 && value != 1) {
            throw new GgufException(file, place, "0 or 1 for a bool", String.valueOf(value));
        }
        return value == 1;
    }

    private GgufValue readArray(String place, int depth) {
        if (depth == DEEPEST_ARRAY) {
            throw new GgufException(file, place, "at most " + DEEPEST_ARRAY + " arrays in one another", "more");
        }
        GgufValue.Type type = readType(place);
        long count = cursor.int64(place);
        cursor.requireLeft(count, type.leastBytes(), place);
        elements += count;
        if (elements > MOST_ELEMENTS) {
            throw new GgufException(file, place, "at most " + MOST_ELEMENTS + " values in arrays", "more");
        }
        var values = new ArrayList<GgufValue>((int) count);
        for (long i = 0; i < count; i++) {
            values.add(readValue(type, place, depth + 1));
        }
        return new GgufValue.Array(type, values);
    }

    private List<Declared> readTensors(long count) {
        var tensors = new ArrayList<Declared>();
        var names = new HashSet<String>();
        for (long i = 0; i < count; i++) {
            String name = cursor.text(GgufTensor.LONGEST_NAME_BYTES, "name of tensor " + i);
            if (name.isEmpty() || !names.add(name)) {
                throw new GgufException(file, "tensor " + quoted(name), "a name of its own", "this one");
            }
            tensors.add(readTensor(name, "tensor " + quoted(name)));
        }
        return tensors;
    }

    private Declared readTensor(String name, String place) {
        int rank = cursor.int32(place);
        if (rank < 1 || rank > GgufTensor.HIGHEST_RANK) {
            throw new GgufException(
                    file, place, "1 to " + GgufTensor.HIGHEST_RANK + " extents", Integer.toUnsignedString(rank));
        }
        var shape = new ArrayList<Long>();
        for (int axis = 0; axis < rank; axis++) {
            long extent = cursor.int64(place);
            if (extent <= 0) {
                throw new GgufException(file, place, "extents above zero", Long.toUnsignedString(extent));
            }
            shape.addFirst(extent);
        }
        int number = cursor.int32(place);
        ElementType type = ElementType.ofNumber(number)
                .orElseThrow(() -> new GgufException(
                        file,
                        place,
                        "F32, F16, BF16, Q8_0 or another type that is stored element by element",
                        "type " + Integer.toUnsignedString(number)));
        if (shape.getLast() % type.blockElements() != 0) {
            throw new GgufException(
                    file, place, "a last extent of whole blocks of " + type.blockElements(), shape.toString());
        }
        return new Declared(name, type, shape, cursor.int64(place));
    }

    private int alignment(SequencedMap<String, GgufValue> metadata) {
        GgufValue value = metadata.get(ALIGNMENT);
        if (value == null) {
            return DEFAULT_ALIGNMENT;
        }
        if (value instanceof GgufValue.Whole whole
                && whole.type() == GgufValue.Type.UINT32
                && whole.value() > 0
                && whole.value() <= 1 << 20
                && Long.bitCount(whole.value()) == 1) {
            return (int) whole.value();
        }
        throw new GgufException(
                file,
                "metadata '" + ALIGNMENT + "'",
                "a power of two as uint32",
                value instanceof GgufValue.Whole whole
                        ? Long.toUnsignedString(whole.value())
                        : value.type().name().toLowerCase(Locale.ROOT));
    }

    /** Where the tensors lie: in their order, each at the first aligned byte after the one before, as llama.cpp insists. */
    private List<GgufTensor> place(List<Declared> declared, long begin, int alignment) {
        var tensors = new ArrayList<GgufTensor>();
        long offset = 0;
        for (Declared tensor : declared) {
            String place = "tensor " + quoted(tensor.name);
            long room = bytes.byteSize() - begin - offset;
            long size = size(tensor);
            if (tensor.offset != offset) {
                throw new GgufException(
                        file, place, "data from byte " + offset, "from byte " + Long.toUnsignedString(tensor.offset));
            }
            if (size > room) {
                throw new GgufException(file, place, size + " bytes of data", Math.max(0, room) + " to the file's end");
            }
            tensors.add(new GgufTensor(tensor.name, tensor.type, tensor.shape, bytes.asSlice(begin + offset, size)));
            offset += Math.ceilDiv(size, alignment) * (long) alignment;
        }
        return tensors;
    }

    private long size(Declared tensor) {
        try {
            return GgufTensor.bytes(tensor.type, tensor.shape);
        } catch (ArithmeticException e) {
            throw new GgufException(
                    file, "tensor " + quoted(tensor.name), "less than 2^63 bytes", tensor.shape.toString());
        }
    }
}
