package dev.weir.cli;

import java.util.Locale;

/** Numbers as people read them, in as little room as a table has. */
final class Figures {

    private static final String EIGHTHS = " ▏▎▍▌▋▊▉";
    private static final String LEVELS = " ▁▂▃▄▅▆▇█";

    private Figures() {}

    /** Bytes with a unit, powers of 1024: {@code 23.4 MiB}. */
    static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int power = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        return "%.1f %siB".formatted(bytes / Math.pow(1024, power), "KMGTPE".charAt(power - 1));
    }

    /** Thousands apart: {@code 3,145,728}. */
    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** A number in six characters or less, as long as it is below a million. */
    static String six(double value) {
        if (Double.isNaN(value)) {
            return "–";
        }
        double size = Math.abs(value);
        int decimals = size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /** Tokens per second. */
    static String rate(double perSecond) {
        return String.format(Locale.ROOT, perSecond < 100 ? "%.1f tokens/s" : "%,.0f tokens/s", perSecond);
    }

    /** A probability in four characters or less. */
    static String percent(double probability) {
        return probability > 0 && probability < 0.005 ? "<1%" : Math.round(probability * 100) + "%";
    }

    /** A bar of so many characters at its longest; anything above zero can be seen. */
    static String bar(double value, double longest, int characters) {
        if (!(value > 0) || !(longest > 0)) {
            return "";
        }
        int eighths = Math.clamp(Math.round(value / longest * characters * 8), 1, characters * 8);
        String whole = "█".repeat(eighths / 8);
        return eighths % 8 == 0 ? whole : whole + EIGHTHS.charAt(eighths % 8);
    }

    /** A share of one as a block of that height; anything above zero can be seen. */
    static String level(double share) {
        return share > 0 ? String.valueOf(LEVELS.charAt(Math.clamp(Math.round(share * 8), 1, 8))) : " ";
    }

    /** "1 token", "2 tokens". */
    static String counted(long number, String noun) {
        return count(number) + " " + noun + (number == 1 ? "" : "s");
    }
}
