package dev.weir.tokenizer;

/** From text to token ids. */
sealed interface Encoder extends AutoCloseable permits NativeTokenizer, CharacterEncoder {

    int[] encode(String text);

    @Override
    void close();
}
