package dev.weir.tokenizer;

import java.nio.charset.StandardCharsets;

/** Text on one line in which everything can be seen: what does not print is escaped as in Python. */
final class ReadableText implements Utf8Reader.Sink {

    private static final int LONGEST_QUOTE = 40;

    private final StringBuilder text = new StringBuilder();

    private ReadableText() {}

    static String of(byte[] utf8) {
        var readable = new ReadableText();
        var reader = new Utf8Reader(readable);
        reader.read(utf8);
        reader.finish();
        return readable.text.toString();
    }

    static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Text from a file as it may stand in a message: readable, in quotes and short. */
    static String quoted(String text) {
        boolean isShort = text.length() <= LONGEST_QUOTE;
        return "'" + of(isShort ? text : text.substring(0, LONGEST_QUOTE) + "...") + "'";
    }

    @Override
    public void character(int codePoint) {
        switch (codePoint) {
            case '\n' -> text.append("\\n");
            case '\r' -> text.append("\\r");
            case '\t' -> text.append("\\t");
            case '\\' -> text.append("\\\\");
            default -> {
                if (canBeSeen(codePoint)) {
                    text.appendCodePoint(codePoint);
                } else {
                    text.append(escape(codePoint));
                }
            }
        }
    }

    @Override
    public void broken(byte[] bytes) {
        for (byte value : bytes) {
            text.append("\\x%02x".formatted(value));
        }
    }

    private static boolean canBeSeen(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.SPACE_SEPARATOR -> codePoint == ' ';
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }

    private static String escape(int codePoint) {
        if (codePoint < 0x80) {
            return "\\x%02x".formatted(codePoint);
        }
        return (Character.isBmpCodePoint(codePoint) ? "\\u%04x" : "\\U%08x").formatted(codePoint);
    }
}
