package dev.weir.tokenizer;

import java.util.Arrays;

/**
 * Characters from UTF-8 that comes in pieces cut anywhere. Bytes that can be no part of a character are told apart by the Unicode
 * Standard's table 3-7, "Well-Formed UTF-8 Byte Sequences", and reported in maximal subparts, as its section 3.9 recommends and as
 * Hugging Face's tokenizers and Python do. Java's own decoder counts surrogates differently.
 */
final class Utf8Reader {

    /** What becomes of the bytes. */
    interface Sink {

        void character(int codePoint);

        /** One to three bytes that begin a character and do not end it, or one byte that begins none. */
        void broken(byte[] bytes);
    }

    private final Sink sink;
    private final byte[] pending = new byte[4];
    private int length;

    Utf8Reader(Sink sink) {
        this.sink = sink;
    }

    void read(byte[] bytes) {
        for (byte next : bytes) {
            read(next & 0xff);
        }
    }

    /** Ends the text: a character that is still incomplete is broken. */
    void finish() {
        if (length > 0) {
            sink.broken(Arrays.copyOf(pending, length));
            length = 0;
        }
    }

    private void read(int next) {
        if (length > 0 && !mayFollow(next)) {
            finish();
        }
        pending[length++] = (byte) next;
        int needed = lengthOfCharacter(pending[0] & 0xff);
        if (needed == 0) {
            finish();
        } else if (length == needed) {
            sink.character(codePoint());
            length = 0;
        }
    }

    /** How many bytes a character has that begins so; 0 if none does. */
    private static int lengthOfCharacter(int first) {
        if (first < 0x80) {
            return 1;
        }
        if (first < 0xc2 || first > 0xf4) {
            return 0;
        }
        return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    }

    private boolean mayFollow(int next) {
        int low = 0x80;
        int high = 0xbf;
        if (length == 1) {
            switch (pending[0] & 0xff) {
                case 0xe0 -> low = 0xa0;
                case 0xed -> high = 0x9f;
                case 0xf0 -> low = 0x90;
                case 0xf4 -> high = 0x8f;
                default -> {}
            }
        }
        return low <= next && next <= high;
    }

    private int codePoint() {
        if (length == 1) {
            return pending[0];
        }
        int codePoint = pending[0] & (0x7f >> length);
        for (int i = 1; i < length; i++) {
            codePoint = (codePoint << 6) | (pending[i] & 0x3f);
        }
        return codePoint;
    }
}
