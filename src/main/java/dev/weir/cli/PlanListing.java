package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.hook.HookPoint;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.program.Step;
import dev.weir.tensor.Tensor;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** A plan for a person or a program to read. */
final class PlanListing {

    private final Plan plan;
    private final Map<Integer, String> seen;

    PlanListing(Plan plan) {
        this.plan = plan;
        this.seen = seen(plan);
    }

    /** The points that show each value, by its id; several may show the same. */
    private static Map<Integer, String> seen(Plan plan) {
        var seen = new HashMap<Integer, String>();
        plan.taps()
                .forEach((HookPoint point, Tensor value) ->
                        seen.merge(value.id(), point.name(), (before, name) -> before + ", " + name));
        return seen;
    }

    void print(PrintWriter out, Style style) {
        Table table = new Table(style)
                .number("")
                .text("op", style::bold)
                .text("makes")
                .text("shape", style::accent)
                .text("place")
                .number("bytes")
                .text(plan.taps().isEmpty() ? "" : "seen as", style::bold)
                .text("", style::accent);
        int number = 0;
        for (Step step : plan.steps()) {
            switch (step) {
                case Step.Device device -> {
                    for (Op op : device.ops()) {
                        addOp(table, number++, op);
                    }
                }
                case Step.Host host -> table.row("", "-- cut --", "Java runs at " + host.point());
            }
        }
        table.print(out);
        out.println();
        printTotals(out, style, number);
    }

    private void addOp(Table table, int number, Op op) {
        boolean first = true;
        for (Tensor value : written(op)) {
            table.row(
                    first ? String.valueOf(number) : "",
                    first ? op.name() : "",
                    value.name(),
                    value.shape(),
                    place(value),
                    value.role() == Tensor.Role.VALUE ? Figures.count(value.bytes()) : "",
                    seen.getOrDefault(value.id(), ""),
                    op instanceof Op.Edited ? "edit" : "");
            first = false;
        }
    }

    /** What an op really writes: what it always makes, and what somebody wants to see besides. */
    private List<Tensor> written(Op op) {
        return Stream.concat(op.outs().stream(), op.asides().stream().filter(value -> plan.place(value)
                        .isPresent()))
                .toList();
    }

    private String place(Tensor value) {
        return plan.place(value)
                .map(place -> slab(place) + " +" + Figures.count(place.offset()))
                .orElse("state");
    }

    private static String slab(Plan.Place place) {
        return place.slab().name().toLowerCase(Locale.ROOT);
    }

    private void printTotals(PrintWriter out, Style style, int ops) {
        long cuts = cuts();
        out.println(style.bold(Figures.counted(ops, "op"))
                + (cuts == 0 ? ", a graph would be cut nowhere" : ", a graph would be cut " + cuts + " times")
                + style.dim("   scratch %s, trace %s bytes"
                        .formatted(Figures.count(plan.scratchBytes()), Figures.count(plan.traceBytes()))));
    }

    private long cuts() {
        return plan.steps().stream().filter(Step.Host.class::isInstance).count();
    }

    ObjectNode json() {
        ObjectNode report = Json.object();
        ArrayNode steps = report.putArray("steps");
        for (Step step : plan.steps()) {
            switch (step) {
                case Step.Device device -> {
                    ArrayNode ops = steps.addObject().putArray("ops");
                    device.ops().forEach(op -> ops.add(json(op)));
                }
                case Step.Host host -> steps.addObject().put("cut", host.point().name());
            }
        }
        ObjectNode taps = report.putObject("taps");
        plan.taps().forEach((point, value) -> taps.put(point.name(), value.id()));
        return report.put("total_ops", plan.ops().count())
                .put("cuts", cuts())
                .put("scratch_bytes", plan.scratchBytes())
                .put("trace_bytes", plan.traceBytes());
    }

    private ObjectNode json(Op op) {
        ObjectNode node = Json.object().put("op", op.name()).put("edit", op instanceof Op.Edited);
        node.set("reads", Json.texts(op.ins().stream().map(Tensor::name).toList()));
        ArrayNode makes = node.putArray("makes");
        for (Tensor value : written(op)) {
            ObjectNode made = makes.addObject().put("name", value.name()).put("id", value.id());
            made.set("shape", Json.numbers(List.of(value.rows(), value.columns())));
            made.put("bytes", value.bytes());
            plan.place(value).ifPresent(place -> made.put("slab", slab(place)).put("offset", place.offset()));
        }
        return node;
    }
}
