package dev.weir.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** Columns that stand under one another. */
final class Table {

    private final Style style;
    private final List<Column> columns = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    Table(Style style) {
        this.style = style;
    }

    /**
     * One column.
     *
     * @param gap spaces before it
     */
    private record Column(String head, boolean right, int gap, int leastWidth, UnaryOperator<String> paint) {}

    /** A column of text. */
    Table text(String head) {
        return text(head, UnaryOperator.identity());
    }

    /** A column of text that is painted. */
    Table text(String head, UnaryOperator<String> paint) {
        return column(new Column(head, false, 2, 0, paint));
    }

    /** A column of numbers, aligned at their ends. */
    Table number(String head) {
        return column(new Column(head, true, 2, 0, UnaryOperator.identity()));
    }

    /** What belongs to the column before it: a bar to a number, a share to a name. */
    Table beside(boolean right, int leastWidth, UnaryOperator<String> paint) {
        return column(new Column("", right, 1, leastWidth, paint));
    }

    private Table column(Column column) {
        columns.add(column);
        return this;
    }

    /** A row; cells that are left out stay empty. */
    void row(String... cells) {
        row(Arrays.asList(cells));
    }

    /** A row; cells that are left out stay empty. */
    void row(List<String> cells) {
        var row = new ArrayList<>(cells);
        while (row.size() < columns.size()) {
            row.add("");
        }
        rows.add(row);
    }

    /** Writes the heads, unless all are empty, and the rows. */
    void print(PrintWriter out) {
        int[] widths = widths();
        List<String> heads = columns.stream().map(Column::head).toList();
        if (heads.stream().anyMatch(head -> !head.isEmpty())) {
            out.println(style.dim(line(heads, widths, false)));
        }
        rows.forEach(row -> out.println(line(row, widths, true)));
    }

    private int[] widths() {
        int[] widths = new int[columns.size()];
        for (int c = 0; c < widths.length; c++) {
            widths[c] = Math.max(columns.get(c).leastWidth, Lines.width(columns.get(c).head));
            for (List<String> row : rows) {
                widths[c] = Math.max(widths[c], Lines.width(row.get(c)));
            }
        }
        return widths;
    }

    private String line(List<String> cells, int[] widths, boolean painted) {
        var line = new StringBuilder();
        int spaces = 0; // written only where something follows
        for (int c = 0; c < cells.size(); c++) {
            Column column = columns.get(c);
            String cell = cells.get(c);
            int room = widths[c] - Lines.width(cell);
            spaces += (c == 0 ? 0 : column.gap) + (column.right ? room : 0);
            if (!cell.isEmpty()) {
                line.repeat(' ', spaces).append(painted ? column.paint.apply(cell) : cell);
                spaces = 0;
            }
            spaces += column.right ? 0 : room;
        }
        return line.toString();
    }
}
