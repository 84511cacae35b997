package dev.weir.gguf;

import java.nio.file.Path;

/**
 * A file is not the GGUF file that it should be. The message is one line: the file, the place in it, what was expected there and what
 * was found. A disk that fails is an {@link java.io.IOException} instead.
 */
public final class GgufException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_QUOTE = 80;

    private final transient Path file;
    private final String message;

    GgufException(Path file, String place, String expected, String got) {
        this.file = file;
        this.message = file + ": " + place + ": expected " + expected + ", got " + got;
    }

    @Override
    public String getMessage() {
        return message;
    }

    /** The file that was read. */
    public Path file() {
        return file;
    }

    /** Text from a file as it may stand in a message: quoted, short, and on one line whatever it holds. */
    static String quoted(String text) {
        String start = text.substring(0, Math.min(text.length(), LONGEST_QUOTE));
        return "'" + start.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?") + (text.length() > LONGEST_QUOTE ? "...'" : "'");
    }
}
