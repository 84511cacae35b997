package dev.weir.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Text to token ids and back, as the files beside a model define it.
 *
 * <p>Safe for use by many threads at once; a {@link StreamingDecoder} belongs to one.
 */
public final class Tokenizer implements AutoCloseable {

    private final Vocabulary vocabulary;
    private final Encoder encoder;
    private final Decoder decoder;
    private final List<Path> files;

    Tokenizer(Vocabulary vocabulary, Encoder encoder, Decoder decoder) {
        this(vocabulary, encoder, decoder, List.of());
    }

    private Tokenizer(Vocabulary vocabulary, Encoder encoder, Decoder decoder, List<Path> files) {
        this.vocabulary = vocabulary;
        this.encoder = encoder;
        this.decoder = decoder;
        this.files = files;
    }

    /** The same tokenizer, which knows where it comes from. */
    Tokenizer from(Path... origin) {
        return new Tokenizer(vocabulary, encoder, decoder, List.of(origin));
    }

    /**
     * The tokenizer of a model's folder. The first of these that is there decides:
     *
     * <ol>
     *   <li>{@code tokenizer.json}: any tokenizer that Hugging Face's library reads. Truncation and padding that it asks for are
     *       left out.
     *   <li>{@code vocab.json} and {@code merges.txt}: byte-level BPE as GPT-2 has it, with {@code <|endoftext|>} special.
     *   <li>{@code vocab.json} alone: a vocabulary of characters, where a longer entry is a special token such as {@code <s>}.
     * </ol>
     *
     * <p>The first two load native code, which is unpacked into a temporary folder and deleted again at once. Nothing is
     * downloaded, printed or left behind.
     *
     * @return empty if none is there; such a model takes and gives token ids only
     * @throws TokenizerException if a file is not what it should be
     * @throws IOException if a file cannot be read, or the native code cannot be loaded on this machine
     */
    public static Optional<Tokenizer> open(Path folder) throws IOException {
        return TokenizerFolder.open(folder);
    }

    /** The files that define it. */
    public List<Path> files() {
        return files;
    }

    /**
     * The tokens of a text. None is added: a special token stands in the result only where its name, such as
     * {@code <|endoftext|>}, is written in the text.
     *
     * @throws IllegalArgumentException if the text has half a surrogate pair, or a character that a vocabulary of characters lacks
     * @throws IllegalStateException if the tokenizer is closed
     */
    public int[] encode(String text) {
        refuseHalfCharacters(text);
        return encoder.encode(text);
    }

    /**
     * The text that tokens write. Special tokens write nothing, and bytes that are no UTF-8 write U+FFFD.
     *
     * @throws IllegalArgumentException if an id is out of range
     */
    public String decode(int... ids) {
        for (int id : ids) {
            vocabulary.check(id);
        }
        return decoder.decode(ids);
    }

    /** Decodes the same text as {@link #decode} while its tokens are still being generated. */
    public StreamingDecoder streaming() {
        return decoder.streaming();
    }

    /** One more than the highest id. A model may have more rows than that in its embedding. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /**
     * One token for a table, on one line: the text that it writes, its leading space included, or the name of a special token.
     * What cannot be seen is escaped as in Python: {@code \n}, {@code \\}, {@code \u200b}, and {@code \xe2} for a byte that is
     * only a part of a character. Empty for an id that no token has.
     *
     * @throws IllegalArgumentException if the id is out of range
     */
    public String token(int id) {
        vocabulary.check(id);
        return vocabulary.isSpecial(id) ? ReadableText.of(vocabulary.piece(id)) : decoder.token(id);
    }

    /** The token that ends a text, if a special token has a customary name such as {@code <|endoftext|>}. */
    public Optional<Integer> endOfText() {
        return vocabulary.endOfText();
    }

    /** Frees the native memory. Closing twice is harmless. */
    @Override
    public void close() {
        encoder.close();
    }

    private static void refuseHalfCharacters(String text) {
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            int codePoint = text.codePointAt(at);
            if (Character.isBmpCodePoint(codePoint) && Character.isSurrogate((char) codePoint)) {
                throw new IllegalArgumentException(
                        "text at index %d: expected a character, got U+%04X, half of one".formatted(at, codePoint));
            }
        }
    }
}
