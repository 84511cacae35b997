package dev.weir.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of bytes, or one with a suffix that multiplies it: {@code 500M}, {@code 2G}, {@code 2GiB}; powers of 1024. */
final class ByteSizeConverter implements ITypeConverter<Long> {

    private static final String UNITS = "KMGT";
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})(?:([KMGT])(?:I?B)?|B)?");

    @Override
    public Long convert(String value) {
        Matcher matcher = SIZE.matcher(value.toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + value + "': expected bytes such as 1000000, 500M or 2G");
        }
        long number = Long.parseLong(matcher.group(1));
        int power = matcher.group(2) == null ? 0 : UNITS.indexOf(matcher.group(2)) + 1;
        try {
            return Math.multiplyExact(number, 1L << (10 * power));
        } catch (ArithmeticException e) {
            throw new TypeConversionException("'" + value + "': expected less than 2^63 bytes");
        }
    }
}
