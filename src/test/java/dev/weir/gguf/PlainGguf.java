package dev.weir.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A second reader of GGUF, written from ggml's docs/gguf.md alone and sharing no line with the one under test. It trusts its file.
 */
final class PlainGguf {

    final Map<String, Object> metadata = new LinkedHashMap<>();
    final Map<String, Info> tensors = new LinkedHashMap<>();
    final int dataBegin;

    /**
     * One line of the table of tensors.
     *
     * @param ne extents as the file has them, the first varies fastest
     */
    record Info(long[] ne, int type, long offset) {}

    private final ByteBuffer in;

    PlainGguf(byte[] file) {
        in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[4];
        in.get(magic);
        if (!new String(magic, StandardCharsets.US_ASCII).equals("GGUF") || in.getInt() != 3) {
            throw new AssertionError("not GGUF version 3");
        }
        long tensorCount = in.getLong();
        long keyCount = in.getLong();
        for (long i = 0; i < keyCount; i++) {
            String key = string();
            metadata.put(key, value(in.getInt()));
        }
        for (long i = 0; i < tensorCount; i++) {
            String name = string();
            long[] ne = new long[in.getInt()];
            for (int axis = 0; axis < ne.length; axis++) {
                ne[axis] = in.getLong();
            }
            tensors.put(name, new Info(ne, in.getInt(), in.getLong()));
        }
        int alignment = ((Number) metadata.getOrDefault("general.alignment", 32)).intValue();
        dataBegin = in.position() % alignment == 0 ? in.position() : (in.position() / alignment + 1) * alignment;
    }

    private String string() {
        byte[] utf8 = new byte[(int) in.getLong()];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private Object value(int type) {
        return switch (type) {
            case 0 -> in.get() & 0xff;
            case 1 -> (int) in.get();
            case 2 -> in.getShort() & 0xffff;
            case 3 -> (int) in.getShort();
            case 4 -> in.getInt() & 0xffffffffL;
            case 5 -> in.getInt();
            case 6 -> in.getFloat();
            case 7 -> in.get() == 1;
            case 8 -> string();
            case 9 -> {
                int of = in.getInt();
                Object[] elements = new Object[(int) in.getLong()];
                for (int i = 0; i < elements.length; i++) {
                    elements[i] = value(of);
                }
                yield Arrays.asList(elements);
            }
            case 10, 11 -> in.getLong();
            case 12 -> in.getDouble();
            default -> throw new AssertionError("type " + type);
        };
    }

    /** The floats of an F32 tensor. */
    float[] floats(String name) {
        Info info = tensors.get(name);
        if (info == null || info.type != 0) {
            throw new AssertionError(name + ": no F32 tensor");
        }
        int count = 1;
        for (long extent : info.ne) {
            count *= (int) extent;
        }
        float[] values = new float[count];
        in.position(dataBegin + (int) info.offset);
        for (int i = 0; i < count; i++) {
            values[i] = in.getFloat();
        }
        return values;
    }

    byte[] bytes(String name, int count) {
        byte[] bytes = new byte[count];
        in.position(dataBegin + (int) Objects.requireNonNull(tensors.get(name)).offset);
        in.get(bytes);
        return bytes;
    }
}
