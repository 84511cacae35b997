package dev.weir.tokenizer;

/** Holds back the bytes of an unfinished character, three at most. */
final class ByteStreamingDecoder implements StreamingDecoder {

    private final ByteDecoder decoder;
    private final PlainText text = new PlainText();
    private final Utf8Reader reader = new Utf8Reader(text);

    ByteStreamingDecoder(ByteDecoder decoder) {
        this.decoder = decoder;
    }

    @Override
    public String append(int id) {
        reader.read(decoder.bytes(id));
        return text.take();
    }

    @Override
    public String finish() {
        reader.finish();
        return text.take();
    }
}
