package dev.weir.cli;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Site;
import dev.weir.hook.TraceLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/** Points of one kind that are kept at the same positions: one line of a listing. */
record PointGroup(List<HookPoint> points, Positions positions) {

    PointGroup {
        points = List.copyOf(points);
    }

    /** A group for each point. */
    static List<PointGroup> ofEach(TraceLayout layout) {
        return layout.taps().entrySet().stream()
                .map(tap -> new PointGroup(List.of(tap.getKey()), tap.getValue()))
                .toList();
    }

    /** A group for each kind of point, in the order in which a pass first reaches them. */
    static List<PointGroup> ofKinds(TraceLayout layout) {
        record Kind(Site site, Positions positions) {}
        var kinds = new LinkedHashMap<Kind, List<HookPoint>>();
        layout.taps().forEach((point, positions) -> kinds.computeIfAbsent(
                        new Kind(point.site(), positions), kind -> new ArrayList<>())
                .add(point));
        return kinds.entrySet().stream()
                .map(kind -> new PointGroup(kind.getValue(), kind.getKey().positions))
                .toList();
    }

    /** A selector that names exactly these: {@code blocks.{0..11}.hook_resid_post}. */
    String name() {
        HookPoint first = points.getFirst();
        String name = points.size() == 1
                ? first.name()
                : "blocks.{" + layers() + "}." + first.site().suffix();
        return positions.equals(Positions.ALL) ? name : name + "@" + positions;
    }

    private String layers() {
        int from = points.getFirst().layer();
        int to = points.getLast().layer();
        return to - from + 1 == points.size()
                ? from + ".." + to
                : points.stream().map(point -> String.valueOf(point.layer())).collect(Collectors.joining(","));
    }
}
