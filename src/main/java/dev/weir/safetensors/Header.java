package dev.weir.safetensors;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The head of a file: eight bytes of length, little-endian, then JSON, then the data of the tensors in this order without a gap.
 *
 * @param metadata free text by key
 * @param tensors in the order of their data
 */
record Header(Map<String, String> metadata, List<Declaration> tensors) {

    /** The key that holds the metadata; every other key is a tensor. */
    static final String METADATA = "__metadata__";

    /** Bytes of the length that starts a file. */
    static final int LENGTH_BYTES = 8;

    /** The reference implementation reads no longer header. */
    static final int LONGEST = 100_000_000;

    /** Numpy and PyTorch hold no tensor of higher rank. */
    static final int HIGHEST_RANK = 64;

    private static final int ALIGNMENT = 8;

    /**
     * The header as JSON, without its length, its metadata sorted so that equal headers are equal bytes, padded with spaces to a multiple of eight bytes.
     *
     * @throws IllegalArgumentException if a text has no UTF-8 form or the header is longer than the format allows
     */
    byte[] encode() {
        var members = new ArrayList<String>();
        if (!metadata.isEmpty()) {
            members.add(quote(METADATA) + ":{"
                    + new TreeMap<>(metadata)
                            .entrySet().stream()
                                    .map(e -> quote(e.getKey()) + ":" + quote(e.getValue()))
                                    .collect(Collectors.joining(","))
                    + "}");
        }
        long begin = 0;
        for (Declaration tensor : tensors) {
            members.add(encode(tensor, begin));
            begin += tensor.bytes();
        }
        return padded(utf8("{" + String.join(",", members) + "}"));
    }

    private static String encode(Declaration tensor, long begin) {
        String shape = tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(","));
        return quote(tensor.name()) + ":{\"dtype\":\"" + tensor.dtype().safetensorsName() + "\",\"shape\":[" + shape
                + "],\"data_offsets\":[" + begin + "," + (begin + tensor.bytes()) + "]}";
    }

    private static String quote(String text) {
        var quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    private static ByteBuffer utf8(CharSequence json) {
        try {
            return StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "names and metadata: expected text with a UTF-8 form, got half a surrogate pair", e);
        }
    }

    private static byte[] padded(ByteBuffer json) {
        int length = Math.ceilDiv(json.remaining(), ALIGNMENT) * ALIGNMENT;
        if (length > LONGEST) {
            throw new IllegalArgumentException("header: expected at most " + LONGEST + " bytes, got " + length);
        }
        byte[] padded = new byte[length];
        Arrays.fill(padded, (byte) ' ');
        json.get(padded, 0, json.remaining());
        return padded;
    }
}
