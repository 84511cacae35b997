package dev.weir.tokenizer;

import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * Decodes all tokens again for each new one and returns what is new. A later token adds to the text and leaves it as it is, but for
 * two things, which are held back: U+FFFD at the end, which may become a character; and a run of byte tokens such as
 * {@code <0xE2>}, which is one text or one row of U+FFFD only when it is over.
 */
final class LibraryStreamingDecoder implements StreamingDecoder {

    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

    private final Vocabulary vocabulary;
    private final NativeTokenizer library;
    private int[] ids = {};
    private int returned;

    LibraryStreamingDecoder(Vocabulary vocabulary, NativeTokenizer library) {
        this.vocabulary = vocabulary;
        this.library = library;
    }

    @Override
    public String append(int id) {
        vocabulary.check(id);
        if (vocabulary.isSpecial(id) || vocabulary.piece(id).isEmpty()) {
            return "";
        }
        ids = Arrays.copyOf(ids, ids.length + 1);
        ids[ids.length - 1] = id;
        if (BYTE.matcher(vocabulary.piece(id)).matches()) {
            return "";
        }
        String text = library.decode(ids);
        return upTo(certainLength(text), text);
    }

    @Override
    public String finish() {
        String text = library.decode(ids);
        String rest = upTo(text.length(), text);
        ids = new int[0];
        returned = 0;
        return rest;
    }

    private static int certainLength(String text) {
        int length = text.length();
        while (length > 0 && text.charAt(length - 1) == PlainText.REPLACEMENT) {
            length--;
        }
        return length;
    }

    private String upTo(int end, String text) {
        String fresh = end > returned ? text.substring(returned, end) : "";
        returned += fresh.length();
        return fresh;
    }
}
