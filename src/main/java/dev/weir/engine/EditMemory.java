package dev.weir.engine;

import dev.weir.backend.Backend.Workspace;
import dev.weir.hook.Dimensions;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.program.EditRules;
import dev.weir.program.EditState;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the edits of a session are, apart from the plans that make them: values in the memory of a workspace, to which only what is not
 * there already is brought, and functions.
 */
final class EditMemory {

    private final Workspace workspace;
    private final Dimensions dimensions;
    private final int slots;
    private final Map<Tensor, Edit.Operand> operands = new HashMap<>();
    private final Map<Tensor, int[]> controls = new HashMap<>();
    private final Map<HostPlace, HostLane> functions = new HashMap<>();
    private List<EditLane> written = List.of();
    private int writtenKeys;

    private record HostPlace(HookPoint point, int index) {}

    /**
     * What a plan knows of a lane.
     *
     * @param arithmetic empty where it is Java
     */
    record Shape(HookPoint point, int index, Optional<EditState> arithmetic) {}

    EditMemory(Workspace workspace, Dimensions dimensions, int slots) {
        this.workspace = workspace;
        this.dimensions = dimensions;
        this.slots = slots;
    }

    /**
     * Refuses edits that a plan would not: it is made for one edit of each lane, and serves every other.
     *
     * @throws IllegalArgumentException by the point's name
     */
    void requireFit(List<EditLane> lanes) {
        for (EditLane lane : lanes) {
            Site site = lane.point().site();
            for (Optional<Edit> edit : lane.bySlot()) {
                if (edit.orElse(null) instanceof Edit.OnMachine own) {
                    EditRules.requireFits(lane.point(), own, dimensions.columns(site, 1), dimensions.heads(site));
                }
            }
        }
    }

    /**
     * What a plan is to know of lanes.
     *
     * @param keys K of a square site
     */
    List<Shape> shapes(List<EditLane> lanes, int keys) {
        return lanes.stream().map(lane -> shape(lane, keys)).toList();
    }

    private Shape shape(EditLane lane, int keys) {
        return switch (lane.edit()) {
            case Edit.OnHost host -> new Shape(lane.point(), lane.index(), Optional.empty());
            case Edit.OnMachine edit ->
                new Shape(lane.point(), lane.index(), Optional.of(state(lane.point(), lane.index(), edit, keys)));
        };
    }

    private EditState state(HookPoint point, int index, Edit.OnMachine edit, int keys) {
        int columns = dimensions.columns(point.site(), keys);
        return EditState.of(point, index, edit, columns, dimensions.heads(point.site()), slots);
    }

    /** Lanes as edits to plan with. */
    Edits planned(List<EditLane> lanes) {
        return new Edits(lanes.stream()
                .map(lane -> new Edits.At(lane.point(), planned(lane)))
                .toList());
    }

    private Edit planned(EditLane lane) {
        return switch (lane.edit()) {
            case Edit.OnHost host -> new Edit.OnHost(function(lane));
            case Edit.OnMachine edit -> edit;
        };
    }

    private HostLane function(EditLane lane) {
        return functions.computeIfAbsent(new HostPlace(lane.point(), lane.index()), place -> new HostLane());
    }

    /** Makes the edits of lanes what the next step finds. */
    @SuppressWarnings("ReferenceEquality") // equal ones take the longer way and find everything there
    void write(List<EditLane> lanes, int keys) {
        if (lanes == written && keys == writtenKeys) {
            return;
        }
        written = List.of();
        for (EditLane lane : lanes) {
            switch (lane.edit()) {
                case Edit.OnHost host -> function(lane).set(lane.bySlot());
                case Edit.OnMachine edit -> write(lane, edit, state(lane.point(), lane.index(), edit, keys));
            }
        }
        written = lanes;
        writtenKeys = keys;
    }

    private void write(EditLane lane, Edit.OnMachine edit, EditState state) {
        edit.operand().ifPresent(operand -> write(state, operand));
        var words = new int[slots * EditState.WORDS];
        for (int slot = 0; slot < slots; slot++) {
            if (lane.bySlot().get(slot).orElse(null) instanceof Edit.OnMachine own) {
                System.arraycopy(EditState.words(own), 0, words, slot * EditState.WORDS, EditState.WORDS);
            }
        }
        if (!Arrays.equals(words, controls.get(state.controls()))) {
            workspace.write(state.controls(), 0, MemorySegment.ofArray(words));
            controls.put(state.controls(), words);
        }
    }

    private void write(EditState state, Edit.Operand operand) {
        Tensor tensor = state.operand().orElseThrow();
        if (!operand.equals(operands.get(tensor))) {
            workspace.write(tensor, 0, MemorySegment.ofArray(state.lay(operand)));
            operands.put(tensor, operand);
        }
    }
}
