package dev.weir.patching;

import java.util.List;

/**
 * What came of a sweep, as a heat map has it: one number for each cell, and the two between which they lie.
 *
 * @param title in a few words, what a cell is
 * @param rows what the rows are, such as layers
 * @param columns what the columns are, such as positions
 * @param values the metric with a cell patched, [rows][columns]
 * @param clean the metric of the clean prompt
 * @param corrupted the metric of the corrupted prompt as it is
 * @param plans plans that were made for all of it
 */
public record PatchingMap(
        String title, Axis rows, Axis columns, List<List<Double>> values, double clean, double corrupted, long plans) {

    /**
     * One side of the map.
     *
     * @param name of what is counted: layer, position, head
     * @param labels one for each row or column
     */
    public record Axis(String name, List<String> labels) {
        public Axis {
            labels = List.copyOf(labels);
        }
    }

    /** A place in the map. */
    public record Cell(int row, int column) {}

    public PatchingMap {
        values = values.stream().map(List::copyOf).toList();
        if (values.size() != rows.labels.size()
                || values.stream().anyMatch(row -> row.size() != columns.labels.size())) {
            throw new IllegalArgumentException("patching map: expected " + rows.labels.size() + " x "
                    + columns.labels.size() + " values, got others");
        }
    }

    /** The metric with a cell patched. */
    public double value(int row, int column) {
        return values.get(row).get(column);
    }

    /**
     * How much of what lies between the two prompts a cell brings back: 0 where the metric stays that of the corrupted prompt, 1 where
     * it becomes that of the clean one. NaN where the prompts do not differ in it.
     */
    public double restored(int row, int column) {
        return (value(row, column) - corrupted) / (clean - corrupted) + 0.0; // which makes 0 of -0
    }

    /** The cell that brings back most; of equals the first. */
    public Cell strongest() {
        var best = new Cell(0, 0);
        for (int row = 0; row < values.size(); row++) {
            for (int column = 0; column < columns.labels.size(); column++) {
                if (restored(row, column) > restored(best.row, best.column)) {
                    best = new Cell(row, column);
                }
            }
        }
        return best;
    }
}
