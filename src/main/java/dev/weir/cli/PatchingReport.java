package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Weir;
import dev.weir.patching.Metric;
import dev.weir.patching.PatchingMap;
import dev.weir.patching.PatchingMap.Axis;
import dev.weir.patching.PatchingMap.Cell;
import dev.weir.patching.PromptPair;
import java.io.PrintWriter;
import java.util.ArrayList;

/** A heat map of what patching brings back, in block characters, and the same for a program. */
record PatchingReport(Shell shell, Weir weir, PromptPair prompts, Metric metric, PatchingMap map) {

    private static final String SHADES = "·░▒▓█";
    private static final double[] SHADES_FROM = {0.05, 0.25, 0.5, 0.75};

    /** Of a map with more columns, or rows where it is turned, a cell is one character without its number. */
    private static final int NUMBERED = 12;

    private static final int LONGEST_TOKEN = 14;

    void print() {
        PrintWriter out = shell.out();
        Style style = shell.style();
        out.println(style.bold(map.title()));
        out.println(style.dim("%s: %s clean, %s corrupted"
                .formatted(describe(), Figures.six(map.clean()), Figures.six(map.corrupted()))));
        out.println();
        boolean turned =
                map.columns().name().equals("position"); // tokens are read downwards, where there is room for them
        Axis down = turned ? map.columns() : map.rows();
        Axis across = turned ? map.rows() : map.columns();
        if (across.labels().size() <= NUMBERED) {
            printNumbered(down, across, turned);
        } else {
            printDense(down, across, turned);
        }
        out.println();
        Cell best = map.strongest();
        out.println(
                "most in %s: %s back".formatted(place(best), Figures.percent(map.restored(best.row(), best.column()))));
        out.flush();
        shell.note("%s, %s"
                .formatted(
                        Figures.counted(
                                (long) map.rows().labels().size()
                                        * map.columns().labels().size(),
                                "cell"),
                        Figures.counted(map.plans(), "plan")));
        shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
    }

    private String describe() {
        var vocabulary = new Vocabulary(weir);
        return switch (metric) {
            case Metric.LogitDifference m ->
                "logit of " + vocabulary.token(m.answer()) + " less that of " + vocabulary.token(m.other());
            case Metric.Probability m -> "probability of " + vocabulary.token(m.token());
            case Metric.KlDivergence m -> "divergence from the clean prompt in nats";
        };
    }

    private String place(Cell cell) {
        return label(map.rows(), cell.row()) + ", " + label(map.columns(), cell.column());
    }

    private static String label(Axis axis, int index) {
        String label = axis.labels().get(index);
        return axis.name().equals("position")
                ? "position " + index + " " + shown(label)
                : (label.equals("MLP") ? "" : axis.name() + " ") + label;
    }

    private static String shown(String token) {
        return Lines.clip(Lines.oneLine(token).replace(' ', '␣'), LONGEST_TOKEN);
    }

    private void printNumbered(Axis down, Axis across, boolean turned) {
        Table table = new Table(shell.style()).number(down.name());
        table.text(turned ? "token" : "");
        for (int i = 0; i < across.labels().size(); i++) {
            String head = (i == 0 ? across.name() + " " : "") + across.labels().get(i);
            table.number(head).beside(false, 1, shell.style()::accent);
        }
        for (int d = 0; d < down.labels().size(); d++) {
            var cells = new ArrayList<String>();
            cells.add(turned ? String.valueOf(d) : down.labels().get(d));
            cells.add(turned ? marked(d) : "");
            for (int a = 0; a < across.labels().size(); a++) {
                double restored = turned ? map.restored(a, d) : map.restored(d, a);
                cells.add(percent(restored));
                cells.add(shade(restored));
            }
            table.row(cells);
        }
        table.print(shell.out());
    }

    /** A token, and what stands in the other prompt where they differ. */
    private String marked(int position) {
        String token = shown(map.columns().labels().get(position));
        int other = prompts.corrupted().get(position);
        return prompts.differences().contains(position)
                ? token + " / " + Lines.clip(new Vocabulary(weir).token(other), LONGEST_TOKEN)
                : token;
    }

    private void printDense(Axis down, Axis across, boolean turned) {
        shell.out()
                .println(shell.style()
                        .dim("across: " + across.name() + " " + across.labels().getFirst() + " to "
                                + across.labels().getLast()));
        Table table = new Table(shell.style()).number("").text("").text("", shell.style()::accent);
        for (int d = 0; d < down.labels().size(); d++) {
            var cells = new StringBuilder();
            for (int a = 0; a < across.labels().size(); a++) {
                cells.append(beginsGroup(across, a) ? " " : "");
                cells.append(shade(turned ? map.restored(a, d) : map.restored(d, a)));
            }
            table.row(turned ? String.valueOf(d) : down.labels().get(d), turned ? marked(d) : "", cells.toString());
        }
        table.print(shell.out());
    }

    /** Heads of one layer stand together. */
    private static boolean beginsGroup(Axis axis, int index) {
        return index > 0
                && axis.name().equals("head")
                && axis.labels().get(index).endsWith(".0");
    }

    private static String percent(double restored) {
        return Double.isNaN(restored) ? "–" : Math.round(restored * 100) + "%";
    }

    /** Darker for more, whichever way; what goes the wrong way has a minus where there is no number. */
    private static String shade(double restored) {
        if (restored <= -SHADES_FROM[0]) {
            return "-";
        }
        int shade = 0;
        while (shade < SHADES_FROM.length && restored >= SHADES_FROM[shade]) {
            shade++;
        }
        return SHADES.substring(shade, shade + 1);
    }

    /** The same for a program. */
    ObjectNode json() {
        ObjectNode report = Json.object();
        report.put("model", weir.name()).put("dtype", weir.dtype().label()).put("machine", weir.machine());
        report.set("clean_tokens", Json.numbers(prompts.clean()));
        report.set("corrupted_tokens", Json.numbers(prompts.corrupted()));
        report.set("metric", metricJson());
        report.put("title", map.title());
        report.put("clean", map.clean()).put("corrupted", map.corrupted());
        report.set("rows", axis(map.rows()));
        report.set("columns", axis(map.columns()));
        ArrayNode values = report.putArray("values");
        ArrayNode restored = report.putArray("restored");
        for (int row = 0; row < map.rows().labels().size(); row++) {
            ArrayNode valuesOfRow = values.addArray();
            ArrayNode restoredOfRow = restored.addArray();
            for (int column = 0; column < map.columns().labels().size(); column++) {
                Json.addFinite(valuesOfRow, map.value(row, column));
                Json.addFinite(restoredOfRow, map.restored(row, column));
            }
        }
        return report.put("plans", map.plans());
    }

    private ObjectNode metricJson() {
        return switch (metric) {
            case Metric.LogitDifference m ->
                Json.object()
                        .put("name", "logit_difference")
                        .put("answer", m.answer())
                        .put("other", m.other());
            case Metric.Probability m ->
                Json.object().put("name", "probability").put("answer", m.token());
            case Metric.KlDivergence m -> Json.object().put("name", "kl");
        };
    }

    private static ObjectNode axis(Axis axis) {
        ObjectNode node = Json.object().put("name", axis.name());
        node.set("labels", Json.texts(axis.labels()));
        return node;
    }
}
