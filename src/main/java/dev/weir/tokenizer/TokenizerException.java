package dev.weir.tokenizer;

import java.nio.file.Path;

/**
 * A file is not the tokenizer file that it should be. The message is one line: the file, what was expected and what was found. A
 * disk that fails is an {@link java.io.IOException} instead.
 */
public final class TokenizerException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Path file;

    TokenizerException(Path file, String expected, String got) {
        super(file + ": expected " + expected + ", got " + got);
        this.file = file;
    }

    /** The file that was read. */
    public Path file() {
        return file;
    }
}
