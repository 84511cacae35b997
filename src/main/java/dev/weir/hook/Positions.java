package dev.weir.hook;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which positions of each sequence a tap keeps. */
public sealed interface Positions {

    /** Every position. */
    Positions ALL = new All();

    /** The last position of each sequence: in a generation, that of the last token that went through the model. */
    Positions LAST = new Last();

    /** Whether a row at this position is written; for {@link Last} each row overwrites the one before. */
    boolean contains(int position);

    /** Where among the kept positions this one stands; it must be contained. */
    int index(int position);

    /** How many positions are kept of a sequence of this length. */
    int count(int length);

    /** See {@link #ALL}. */
    record All() implements Positions {
        @Override
        public boolean contains(int position) {
            return true;
        }

        @Override
        public int index(int position) {
            return position;
        }

        @Override
        public int count(int length) {
            return length;
        }

        @Override
        public String toString() {
            return "all";
        }
    }

    /** See {@link #LAST}. */
    record Last() implements Positions {
        @Override
        public boolean contains(int position) {
            return true;
        }

        @Override
        public int index(int position) {
            return 0;
        }

        @Override
        public int count(int length) {
            return Math.min(1, length);
        }

        @Override
        public String toString() {
            return "last";
        }
    }

    /** A union of ranges, ascending and apart. */
    record Ranges(List<Range> ranges) implements Positions {
        public Ranges {
            ranges = List.copyOf(ranges);
            for (int i = 1; i < ranges.size(); i++) {
                if (ranges.get(i).from <= ranges.get(i - 1).to) {
                    throw new IllegalArgumentException("positions " + join(ranges) + ": expected ascending ranges, got "
                            + ranges.get(i) + " after " + ranges.get(i - 1));
                }
            }
        }

        @Override
        public boolean contains(int position) {
            for (Range range : ranges) {
                if (range.from <= position && position <= range.to) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public int index(int position) {
            return count(position);
        }

        @Override
        public int count(int length) {
            int count = 0;
            for (Range range : ranges) {
                count += Math.max(0, Math.min(range.to, length - 1) - range.from + 1);
            }
            return count;
        }

        @Override
        public String toString() {
            return join(ranges);
        }

        private static String join(List<Range> ranges) {
            return String.join("+", ranges.stream().map(Range::toString).toList());
        }
    }

    /** From one position to another, both included. */
    record Range(int from, int to) {
        public Range {
            if (from < 0 || to < from) {
                throw new IllegalArgumentException("positions " + from + ".." + to + ": expected 0 <= from <= to");
            }
        }

        @Override
        public String toString() {
            return from == to ? Integer.toString(from) : from + ".." + to;
        }
    }

    /**
     * Reads {@code all}, {@code last} (or {@code -1}), or positions and ranges joined by plus signs: {@code 0+5..9}.
     *
     * @throws IllegalArgumentException for anything else
     */
    static Positions parse(String text) {
        return switch (text) {
            case "all" -> ALL;
            case "last", "-1" -> LAST;
            default -> parseRanges(text);
        };
    }

    private static Positions parseRanges(String text) {
        Pattern range = Pattern.compile("(\\d{1,9})(?:\\.\\.(\\d{1,9}))?");
        var ranges = new ArrayList<Range>();
        for (String part : text.split("\\+", -1)) {
            Matcher matcher = range.matcher(part);
            if (!matcher.matches()) {
                throw new IllegalArgumentException(
                        "positions '" + text + "': expected all, last, or ranges such as 0+5..9, got '" + part + "'");
            }
            int from = Integer.parseInt(matcher.group(1));
            ranges.add(new Range(from, matcher.group(2) == null ? from : Integer.parseInt(matcher.group(2))));
        }
        return new Ranges(ranges);
    }
}
