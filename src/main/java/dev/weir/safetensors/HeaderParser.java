package dev.weir.safetensors;

import static dev.weir.safetensors.SafetensorsException.quoted;

import dev.weir.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON of a header and checks all that it claims. It knows only the JSON that a header may hold: objects of known depth,
 * strings, and lists of whole numbers. So it does not recurse, and nested data are refused where they begin.
 */
final class HeaderParser {

    /** A tensor and the bytes that the header gives it, counted from the end of the header. */
    private record Located(Declaration tensor, long begin, long end) {}

    /** The fields of a tensor as far as they have been read. */
    private static final class Fields {
        private @Nullable DType dtype;
        private @Nullable List<Long> shape;
        private @Nullable List<Long> offsets;
    }

    private final Path file;
    private final byte[] json;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<Located> tensors = new ArrayList<>();
    private int at;

    private HeaderParser(Path file, byte[] json) {
        this.file = file;
        this.json = json;
    }

    /**
     * @param file named in errors
     * @param dataBytes how many bytes follow the header; the tensors must cover them, each byte once
     * @throws SafetensorsException if the header is not that of a safetensors file of this size
     */
    static Header parse(Path file, byte[] json, long dataBytes) {
        var parser = new HeaderParser(file, json);
        parser.readHeader();
        return new Header(parser.metadata, parser.inOrder(dataBytes));
    }

    private void readHeader() {
        if (json.length == 0 || json[0] != '{') {
            throw unexpected("'{'");
        }
        readObject(key -> {
            if (key.equals(Header.METADATA)) {
                readObject(name -> metadata.put(name, readString()));
            } else {
                tensors.add(readTensor(key));
            }
        });
        skipSpace();
        if (at < json.length) {
            throw unexpected("spaces to the end");
        }
    }

    private Located readTensor(String name) {
        var fields = new Fields();
        readObject(key -> {
            switch (key) {
                case "dtype" -> fields.dtype = readDtype(name);
                case "shape" -> fields.shape = readNumbers(Header.HIGHEST_RANK);
                case "data_offsets" -> fields.offsets = readNumbers(2);
                default -> throw badTensor(name, "the fields dtype, shape and data_offsets", quoted(key));
            }
        });
        if (fields.dtype == null || fields.shape == null || fields.offsets == null) {
            throw badTensor(name, "the fields dtype, shape and data_offsets", "not all of them");
        }
        return located(name, fields.dtype, fields.shape, fields.offsets);
    }

    private Located located(String name, DType dtype, List<Long> shape, List<Long> offsets) {
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw badTensor(name, "data_offsets [begin,end]", offsets.toString());
        }
        long bytes = offsets.get(1) - offsets.get(0);
        String expected = bytes + " bytes, as data_offsets " + offsets + " say";
        try {
            if (Declaration.bytes(dtype, shape) != bytes) {
                throw badTensor(name, expected, dtype.safetensorsName() + " " + shape);
            }
        } catch (ArithmeticException e) {
            throw badTensor(name, expected, dtype.safetensorsName() + " " + shape + ", which is 2^63 or more");
        }
        return new Located(new Declaration(name, dtype, shape), offsets.get(0), offsets.get(1));
    }

    private List<Declaration> inOrder(long dataBytes) {
        tensors.sort(Comparator.comparingLong(Located::begin).thenComparingLong(Located::end));
        long end = 0;
        for (Located tensor : tensors) {
            if (tensor.begin != end) {
                String fault = tensor.begin < end ? " (an overlap)" : " (a gap)";
                throw badTensor(tensor.tensor.name(), "data from byte " + end, "from byte " + tensor.begin + fault);
            }
            end = tensor.end;
        }
        if (end != dataBytes) {
            throw SafetensorsException.in(file, "data", end + " bytes, as the header says", dataBytes + " bytes");
        }
        return tensors.stream().map(Located::tensor).toList();
    }

    private DType readDtype(String tensor) {
        String name = readString();
        return DType.ofSafetensorsName(name).orElseThrow(() -> badTensor(tensor, "a known dtype", quoted(name)));
    }

    private void readObject(Consumer<String> readMember) {
        expect('{', "'{'");
        if (accept('}')) {
            return;
        }
        var keys = new HashSet<String>();
        do {
            String key = readString();
            if (!keys.add(key)) {
                throw SafetensorsException.in(file, "header", "each key once", quoted(key) + " twice");
            }
            expect(':', "':'");
            readMember.accept(key);
        } while (accept(','));
        expect('}', "',' or '}'");
    }

    private List<Long> readNumbers(int most) {
        var numbers = new ArrayList<Long>();
        expect('[', "'['");
        if (accept(']')) {
            return numbers;
        }
        do {
            if (numbers.size() == most) {
                throw unexpected("at most " + most + " numbers");
            }
            numbers.add(readNumber());
        } while (accept(','));
        expect(']', "',' or ']'");
        return numbers;
    }

    private long readNumber() {
        skipSpace();
        int start = at;
        long value = 0;
        while (at < json.length && json[at] >= '0' && json[at] <= '9') {
            int digit = json[at] - '0';
            if (value > (Long.MAX_VALUE - digit) / 10) {
                throw unexpected("a number below 2^63");
            }
            value = value * 10 + digit;
            at++;
        }
        if (at == start || (json[start] == '0' && at > start + 1)) {
            at = start;
            throw unexpected("a whole number, zero or more");
        }
        return value;
    }

    private String readString() {
        expect('"', "'\"'");
        int start = at;
        boolean escapes = false;
        while (at < json.length && json[at] != '"') {
            if (json[at] >= 0 && json[at] < ' ') {
                throw unexpected("no control character in a string");
            }
            if (json[at] == '\\') {
                escapes = true;
                at++;
            }
            at++;
        }
        int end = at;
        expect('"', "'\"'");
        String text = decode(start, end);
        return escapes ? unescape(text, start) : text;
    }

    private String decode(int start, int end) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(json, start, end - start))
                    .toString();
        } catch (CharacterCodingException e) {
            throw SafetensorsException.in(file, "header byte " + start, "a string in UTF-8", "other bytes");
        }
    }

    /** @param start where the text begins, for errors */
    private String unescape(String text, int start) {
        var plain = new StringBuilder(text.length());
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i++);
            if (c != '\\') {
                plain.append(c);
                continue;
            }
            char escape = text.charAt(i++);
            if (escape == 'u') {
                plain.append(readHex(text, i, start));
                i += 4;
            } else {
                plain.append(meaning(escape, text, start));
            }
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(plain)) {
            throw badEscape(text, start);
        }
        return plain.toString();
    }

    private char meaning(char escape, String text, int start) {
        return switch (escape) {
            case '"', '\\', '/' -> escape;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> throw badEscape(text, start);
        };
    }

    private char readHex(String text, int from, int start) {
        int value = 0;
        for (int i = from; i < from + 4; i++) {
            int digit = i < text.length() && text.charAt(i) < 0x80 ? Character.digit(text.charAt(i), 16) : -1;
            if (digit < 0) {
                throw badEscape(text, start);
            }
            value = value << 4 | digit;
        }
        return (char) value;
    }

    private void expect(char c, String expected) {
        if (!accept(c)) {
            throw unexpected(expected);
        }
    }

    private boolean accept(char c) {
        skipSpace();
        if (at >= json.length || json[at] != c) {
            return false;
        }
        at++;
        return true;
    }

    private void skipSpace() {
        while (at < json.length && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) {
            at++;
        }
    }

    private SafetensorsException unexpected(String expected) {
        String got = at >= json.length
                ? "the end"
                : json[at] > ' ' && json[at] < 0x7f
                        ? "'" + (char) json[at] + "'"
                        : String.format("byte 0x%02x", json[at] & 0xff);
        return SafetensorsException.in(file, "header byte " + at, expected, got);
    }

    private SafetensorsException badTensor(String name, String expected, String got) {
        return SafetensorsException.ofTensor(file, name, expected, got);
    }

    private SafetensorsException badEscape(String text, int start) {
        return SafetensorsException.in(file, "header byte " + start, "a string with JSON's escapes", quoted(text));
    }
}
