package dev.weir.dump;

import java.nio.file.Path;

/**
 * A safetensors file is not the dump that it should be. The message is one line: the file, the place in it, what was expected there
 * and what was found.
 */
public final class DumpException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_QUOTE = 80;

    private final transient Path file;
    private final String message;

    DumpException(Path file, String place, String expected, String got) {
        this.file = file;
        this.message = file + ": " + place + ": expected " + expected + ", got " + shown(got);
    }

    private static String shown(String text) {
        String start = text.substring(0, Math.min(text.length(), LONGEST_QUOTE));
        return start.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?") + (text.length() > LONGEST_QUOTE ? "..." : "");
    }

    @Override
    public String getMessage() {
        return message;
    }

    /** The file that was read. */
    public Path file() {
        return file;
    }
}
