package dev.weir.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * A tokenizer in native memory. Many threads may use it at once; closing waits for them, because a call into freed memory would
 * take the JVM down.
 */
final class NativeTokenizer implements Encoder {

    private final TokenizersLibrary library;
    private final long handle;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private NativeTokenizer(TokenizersLibrary library, long handle) {
        this.library = library;
        this.handle = handle;
    }

    /**
     * @param file named in errors
     * @param json the content of a {@code tokenizer.json}
     * @throws TokenizerException if the library refuses the content
     * @throws IOException if the library cannot be loaded
     */
    static NativeTokenizer of(Path file, String json) throws IOException {
        TokenizersLibrary library = NativeLibrary.load();
        long handle = create(library, file, json);
        library.disableTruncation(handle);
        library.disablePadding(handle);
        return new NativeTokenizer(library, handle);
    }

    private static long create(TokenizersLibrary library, Path file, String json) {
        try {
            return library.createTokenizerFromString(json);
        } catch (RuntimeException e) {
            throw new TokenizerException(file, "a tokenizer that the library reads", "its error: " + e.getMessage());
        }
    }

    @Override
    public int[] encode(String text) {
        return whileOpen(() -> {
            long encoding = library.encode(handle, text, false);
            try {
                return Arrays.stream(library.getTokenIds(encoding))
                        .mapToInt(Math::toIntExact)
                        .toArray();
            } finally {
                library.deleteEncoding(encoding);
            }
        });
    }

    /** The text of ids in range, without special tokens. */
    String decode(int... ids) {
        long[] wide = Arrays.stream(ids).asLongStream().toArray();
        return whileOpen(() -> library.decode(handle, wide, true));
    }

    @Override
    public void close() {
        Lock exclusive = lock.writeLock();
        exclusive.lock();
        try {
            if (!closed) {
                closed = true;
                library.deleteTokenizer(handle);
            }
        } finally {
            exclusive.unlock();
        }
    }

    private <T> T whileOpen(Supplier<T> call) {
        Lock shared = lock.readLock();
        shared.lock();
        try {
            if (closed) {
                throw new IllegalStateException("tokenizer: expected an open one, got one that was closed");
            }
            return call.get();
        } finally {
            shared.unlock();
        }
    }
}
