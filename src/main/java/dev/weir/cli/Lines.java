package dev.weir.cli;

import java.util.Arrays;

/** Text on the lines of a terminal. */
final class Lines {

    /** Beside ideographs: Hangul, the scripts and signs of East Asia, full-width forms, pictures. */
    private static final int[][] WIDE = {
        {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xff00, 0xff60}, {0x1f300, 0x1faff}
    };

    private Lines() {}

    /** Columns that a text takes on a terminal: two for an ideograph or a picture. */
    static int width(String text) {
        return text.codePoints().map(Lines::width).sum();
    }

    private static int width(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
            default -> isWide(codePoint) ? 2 : 1;
        };
    }

    private static boolean isWide(int codePoint) {
        return Character.isIdeographic(codePoint)
                || Arrays.stream(WIDE).anyMatch(range -> range[0] <= codePoint && codePoint <= range[1]);
    }

    /** The text, or as much of its beginning as fits, with a sign that it goes on. */
    static String clip(String text, int columns) {
        if (width(text) <= columns) {
            return text;
        }
        var clipped = new StringBuilder();
        int used = 0;
        for (int codePoint : text.codePoints().toArray()) {
            used += width(codePoint);
            if (used >= columns) {
                break;
            }
            clipped.appendCodePoint(codePoint);
        }
        return clipped.append('…').toString();
    }

    /** Text on one line, with what cannot be seen escaped. */
    static String oneLine(String text) {
        var line = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> line.appendCodePoint(Character.isISOControl(c) ? '\ufffd' : c);
            }
        });
        return line.toString();
    }
}
