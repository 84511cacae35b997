package dev.weir.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableTest {

    @Test
    void cellsStandUnderTheirHeads() {
        Table table = new Table(new Style(false)).text("name").number("size").beside(false, 3, text -> text);
        table.row("a", "1", "█");
        table.row("日本", "1000");
        table.row("longer");
        var out = new StringWriter();
        table.print(new PrintWriter(out, true));
        assertEquals("""
                name    size
                a          1 █
                日本    1000
                longer
                """, out.toString().replace(System.lineSeparator(), "\n"));
    }

    @ParameterizedTest
    @CsvSource({"0, 10, ''", "10, 10, ████", "5, 10, ██", "0.001, 10, ▏", "20, 10, ████", "NaN, 10, ''", "6.25, 10, ██▌"
    })
    void aBarIsAsLongAsItsShare(double value, double longest, String bar) {
        assertEquals(bar, Figures.bar(value, longest, 4));
    }

    @ParameterizedTest
    @CsvSource({"0, 0.000", "9.8765, 9.877", "12.3456, 12.35", "123.456, 123.5", "12345.6, 12346", "NaN, –"})
    void aNumberHasAtMostSixCharacters(double value, String text) {
        assertEquals(text, Figures.six(value));
    }

    @ParameterizedTest
    @CsvSource({"0, 0 B", "1023, 1023 B", "1024, 1.0 KiB", "1536, 1.5 KiB", "5505024, 5.3 MiB", "2147483648, 2.0 GiB"})
    void bytesHaveAUnit(long bytes, String text) {
        assertEquals(text, Figures.bytes(bytes));
    }

    @ParameterizedTest
    @CsvSource({"0, 0%", "0.0001, <1%", "0.126, 13%", "0.999, 100%", "1, 100%"})
    void aProbabilityIsAShare(double probability, String text) {
        assertEquals(text, Figures.percent(probability));
    }

    @ParameterizedTest
    @CsvSource({"short, 5, short", "longer, 5, long…", "日本語, 5, 日本…", "日本語, 6, 日本語"})
    void textIsClippedToItsColumns(String text, int columns, String clipped) {
        assertEquals(clipped, Lines.clip(text, columns));
    }
}
