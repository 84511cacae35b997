package dev.weir.tokenizer;

/** Decodes, by the library's own rules, vocabularies in which what a token writes depends on its neighbours. */
final class LibraryDecoder implements Decoder {

    private final Vocabulary vocabulary;
    private final NativeTokenizer library;

    LibraryDecoder(Vocabulary vocabulary, NativeTokenizer library) {
        this.vocabulary = vocabulary;
        this.library = library;
    }

    @Override
    public String decode(int... ids) {
        return library.decode(ids);
    }

    @Override
    public String token(int id) {
        return ReadableText.of(vocabulary.piece(id));
    }

    @Override
    public StreamingDecoder streaming() {
        return new LibraryStreamingDecoder(vocabulary, library);
    }
}
