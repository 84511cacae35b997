package dev.weir.engine;

import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One op that edits, or one cut: what each slot has there. Slots whose edits differ in strength, positions or heads alone share a lane,
 * and so do all that are Java.
 *
 * @param index which of the lanes at the point, from 0
 * @param bySlot the edit of each slot, or nothing
 */
record EditLane(HookPoint point, int index, List<Optional<Edit>> bySlot) {

    EditLane {
        bySlot = List.copyOf(bySlot);
    }

    /** An edit of the lane's kind. */
    Edit edit() {
        return any(bySlot);
    }

    private static Edit any(List<Optional<Edit>> bySlot) {
        return bySlot.stream().flatMap(Optional::stream).findFirst().orElseThrow();
    }

    /**
     * The lanes in which the edits of every slot are made in their order.
     *
     * @param ofSlots the edits of each slot
     * @return in the order in which they are made
     */
    static List<EditLane> of(List<Edits> ofSlots) {
        List<Map<HookPoint, List<Edit>>> byPoint =
                ofSlots.stream().map(EditLane::byPoint).toList();
        return byPoint.stream()
                .flatMap(edits -> edits.keySet().stream())
                .distinct()
                .sorted()
                .flatMap(point -> at(
                        point,
                        byPoint.stream()
                                .map(edits -> edits.getOrDefault(point, List.of()))
                                .toList()))
                .toList();
    }

    private static Map<HookPoint, List<Edit>> byPoint(Edits edits) {
        return edits.all().stream()
                .collect(Collectors.groupingBy(
                        Edits.At::point, Collectors.mapping(Edits.At::edit, Collectors.toList())));
    }

    /** Each edit goes to the first lane behind the slot's last that has its kind, or to a new one. */
    private static Stream<EditLane> at(HookPoint point, List<List<Edit>> ofSlots) {
        var lanes = new ArrayList<List<Optional<Edit>>>();
        for (int slot = 0; slot < ofSlots.size(); slot++) {
            int next = 0;
            for (Edit edit : ofSlots.get(slot)) {
                while (next < lanes.size() && !areOfOneKind(edit, any(lanes.get(next)))) {
                    next++;
                }
                if (next == lanes.size()) {
                    lanes.add(new ArrayList<>(Collections.nCopies(ofSlots.size(), Optional.empty())));
                }
                lanes.get(next).set(slot, Optional.of(edit));
                next++;
            }
        }
        return IntStream.range(0, lanes.size()).mapToObj(index -> new EditLane(point, index, lanes.get(index)));
    }

    private static boolean areOfOneKind(Edit a, Edit b) {
        return switch (a) {
            case Edit.OnHost host -> b instanceof Edit.OnHost;
            case Edit.OnMachine edit ->
                b instanceof Edit.OnMachine other
                        && edit.arithmetic() == other.arithmetic()
                        && edit.operand().equals(other.operand());
        };
    }
}
