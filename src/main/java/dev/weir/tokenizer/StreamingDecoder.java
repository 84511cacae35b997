package dev.weir.tokenizer;

/**
 * Turns tokens into text as they come. What it returns, one after the other, is the text that {@link Tokenizer#decode} returns for
 * all the tokens; a character whose bytes are spread over several tokens comes whole with the last of them.
 *
 * <p>For one thread.
 */
public sealed interface StreamingDecoder permits ByteStreamingDecoder, LibraryStreamingDecoder {

    /**
     * Takes one more token.
     *
     * @return the text that no later token can change, often empty
     * @throws IllegalArgumentException if the id is out of range
     */
    String append(int id);

    /**
     * Ends the text. The decoder is then as new, ready for another.
     *
     * @return what was held back: U+FFFD for a character that was never completed, usually nothing
     */
    String finish();
}
