package dev.weir.chat;

import java.io.Serial;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** What chat templates may call besides what Jinja has. Public because the template library calls them by reflection. */
public final class TemplateFunctions {

    private static final Map<Character, String> PATTERNS = Map.ofEntries(
            Map.entry('Y', "yyyy"),
            Map.entry('y', "yy"),
            Map.entry('m', "MM"),
            Map.entry('d', "dd"),
            Map.entry('b', "MMM"),
            Map.entry('B', "MMMM"),
            Map.entry('a', "EEE"),
            Map.entry('A', "EEEE"),
            Map.entry('H', "HH"),
            Map.entry('I', "hh"),
            Map.entry('M', "mm"),
            Map.entry('S', "ss"),
            Map.entry('p', "a"));

    private TemplateFunctions() {}

    /** What a template says of messages that it does not take. */
    static final class Raised extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        Raised(String message) {
            super(message);
        }
    }

    /** Refuses the messages. */
    public static String raiseException(String message) {
        throw new Raised(message);
    }

    /** The time of this computer, by a format of Python's. */
    public static String strftimeNow(String format) {
        return at(LocalDateTime.now(ZoneId.systemDefault()), format);
    }

    /** A time by a format of Python's; a letter that is not known stands for itself. */
    static String at(LocalDateTime time, String format) {
        var text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char letter = format.charAt(i);
            if (letter != '%' || i + 1 == format.length()) {
                text.append(letter);
                continue;
            }
            char kind = format.charAt(++i);
            String pattern = PATTERNS.get(kind);
            text.append(
                    pattern == null
                            ? String.valueOf(kind)
                            : time.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH)));
        }
        return text.toString();
    }

    /** Names that templates use of Python's strings, and Java's names for them. */
    static String javaNames(String template) {
        return Map.of(
                        ".startswith(", ".startsWith(",
                        ".endswith(", ".endsWith(",
                        ".lstrip()", ".stripLeading()",
                        ".rstrip()", ".stripTrailing()",
                        ".upper()", ".toUpperCase()",
                        ".lower()", ".toLowerCase()")
                .entrySet()
                .stream()
                .reduce(template, (text, name) -> text.replace(name.getKey(), name.getValue()), (a, b) -> b);
    }
}
