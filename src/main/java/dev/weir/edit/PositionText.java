package dev.weir.edit;

import dev.weir.hook.Heads;
import dev.weir.hook.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Reads which positions and which heads: numbers and ranges joined by plus signs. */
final class PositionText {

    private static final Pattern RANGE = Pattern.compile("(-?\\d{1,9})(?:(\\.\\.)(-?\\d{1,9})?)?");
    private static final Pattern HEAD_RANGE = Pattern.compile("(\\d{1,3})(?:\\.\\.(\\d{1,3}))?");

    private PositionText() {}

    /**
     * Positions: {@code 3}, {@code 0+5..9}, {@code 4..}, {@code -1} (the last of the prompt), {@code -1..}; or {@code all}, {@code
     * last}, {@code generated}.
     *
     * @throws IllegalArgumentException for anything else, and for ranges that do not ascend or are counted from both ends
     */
    static List<Span> spans(String text) {
        return switch (text) {
            case "all" -> List.of(Span.ALL);
            case "last" -> List.of(Span.at(-1));
            case "generated" -> List.of(Span.GENERATED);
            default -> ranges(text);
        };
    }

    private static List<Span> ranges(String text) {
        var spans = new ArrayList<Span>();
        for (String part : text.split("\\+", -1)) {
            Span span = range(part)
                    .orElseThrow(() -> new IllegalArgumentException("positions '" + text
                            + "': expected such as 3, 0+5..9, 4.., -1, -1.., last or generated, got '" + part + "'"));
            if (!spans.isEmpty() && !follows(spans.getLast(), span)) {
                throw new IllegalArgumentException("positions '" + text
                        + "': expected ascending ranges, all counted from the same end, got " + span + " after "
                        + spans.getLast());
            }
            spans.add(span);
        }
        return spans;
    }

    /** Two ranges may not have a position in common, for it would be changed twice. */
    private static boolean follows(Span before, Span span) {
        return before.ofPrompt() == span.ofPrompt() && before.to() <= span.from();
    }

    private static Optional<Span> range(String part) {
        Matcher matcher = RANGE.matcher(part);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int from = Integer.parseInt(matcher.group(1));
        if (matcher.group(2) == null) {
            return Optional.of(Span.at(from));
        }
        if (matcher.group(3) == null) {
            return Optional.of(Span.from(from));
        }
        int last = Integer.parseInt(matcher.group(3));
        return last < from || (from < 0 && last >= 0) ? Optional.empty() : Optional.of(Span.between(from, last + 1));
    }

    /**
     * Heads: {@code 0+3}, {@code 2..5}.
     *
     * @throws IllegalArgumentException for anything else
     */
    static Heads heads(String text) {
        var heads = IntStream.builder();
        for (String part : text.split("\\+", -1)) {
            Matcher matcher = HEAD_RANGE.matcher(part);
            if (!matcher.matches()) {
                throw new IllegalArgumentException(
                        "heads '" + text + "': expected such as 0+3 or 2..5, got '" + part + "'");
            }
            int from = Integer.parseInt(matcher.group(1));
            int last = matcher.group(2) == null ? from : Integer.parseInt(matcher.group(2));
            if (last < from) {
                throw new IllegalArgumentException(
                        "heads '" + text + "': expected ascending ranges, got '" + part + "'");
            }
            IntStream.rangeClosed(from, last).forEach(heads);
        }
        return Heads.of(heads.build().toArray());
    }
}
