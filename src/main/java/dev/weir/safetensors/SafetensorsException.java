package dev.weir.safetensors;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file is not the safetensors file that it should be. The message is one line: the file, the place in it, what was expected
 * there and what was found. A disk that fails is an {@link java.io.IOException} instead.
 */
public final class SafetensorsException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_QUOTE = 80;

    private final transient Path file;
    private final transient @Nullable String tensor;

    private final String message;

    private SafetensorsException(Path file, @Nullable String tensor, String place, String expected, String got) {
        this.message = file + ": " + place + ": expected " + expected + ", got " + got;
        this.file = file;
        this.tensor = tensor;
    }

    static SafetensorsException in(Path file, String place, String expected, String got) {
        return new SafetensorsException(file, null, place, expected, got);
    }

    static SafetensorsException ofTensor(Path file, String tensor, String expected, String got) {
        return new SafetensorsException(file, tensor, "tensor " + quoted(tensor), expected, got);
    }

    @Override
    public String getMessage() {
        return message;
    }

    /** The file that was read. */
    public Path file() {
        return file;
    }

    /** The tensor at fault, where the fault is one tensor's. */
    public Optional<String> tensor() {
        return Optional.ofNullable(tensor);
    }

    /** Text from a file as it may stand in a message: quoted, short, and on one line whatever it holds. */
    static String quoted(String text) {
        String start = text.substring(0, Math.min(text.length(), LONGEST_QUOTE));
        return "'" + start.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?") + (text.length() > LONGEST_QUOTE ? "...'" : "'");
    }
}
