package dev.weir.tokenizer;

/** From token ids, which are in range, to text. */
sealed interface Decoder permits ByteDecoder, LibraryDecoder {

    String decode(int... ids);

    /** An ordinary token, made readable. */
    String token(int id);

    StreamingDecoder streaming();
}
