package dev.weir.tokenizer;

/** Text as it is, U+FFFD for what is none. */
final class PlainText implements Utf8Reader.Sink {

    static final char REPLACEMENT = '\uFFFD';

    private final StringBuilder text = new StringBuilder();

    @Override
    public void character(int codePoint) {
        text.appendCodePoint(codePoint);
    }

    @Override
    public void broken(byte[] bytes) {
        text.append(REPLACEMENT);
    }

    /** What has come since the last call. */
    String take() {
        String taken = text.toString();
        text.setLength(0);
        return taken;
    }
}
