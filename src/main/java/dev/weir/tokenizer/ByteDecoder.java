package dev.weir.tokenizer;

import java.util.function.Function;

/** Decodes vocabularies whose tokens write bytes, each by itself: the text is the bytes one after the other, read as UTF-8. */
final class ByteDecoder implements Decoder {

    private static final byte[] NOTHING = {};

    private final Vocabulary vocabulary;
    private final byte[][] written;

    /** @param spelling the bytes that a piece of the vocabulary stands for */
    ByteDecoder(Vocabulary vocabulary, Function<String, byte[]> spelling) {
        this.vocabulary = vocabulary;
        this.written = new byte[vocabulary.size()][];
        for (int id = 0; id < written.length; id++) {
            written[id] = vocabulary.isSpecial(id) ? NOTHING : spelling.apply(vocabulary.piece(id));
        }
    }

    @Override
    public String decode(int... ids) {
        var text = new PlainText();
        var reader = new Utf8Reader(text);
        for (int id : ids) {
            reader.read(written[id]);
        }
        reader.finish();
        return text.take();
    }

    @Override
    public String token(int id) {
        return ReadableText.of(written[id]);
    }

    @Override
    public StreamingDecoder streaming() {
        return new ByteStreamingDecoder(this);
    }

    /** @throws IllegalArgumentException if the id is out of range */
    byte[] bytes(int id) {
        vocabulary.check(id);
        return written[id];
    }
}
