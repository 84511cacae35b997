package dev.weir.corpus;

import java.nio.file.Path;

/** A folder is not the dump that it should be. The message is one line: the file, what was expected there and what was found. */
public final class CorpusException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_QUOTE = 120;

    private final String message;

    CorpusException(Path file, String expected, String got) {
        this.message = file + ": expected " + expected + ", got " + shown(got);
    }

    private static String shown(String text) {
        String start = text.substring(0, Math.min(text.length(), LONGEST_QUOTE));
        return start.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]+", " ") + (text.length() > LONGEST_QUOTE ? "..." : "");
    }

    @Override
    public String getMessage() {
        return message;
    }
}
