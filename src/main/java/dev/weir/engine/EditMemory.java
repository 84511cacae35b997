package dev.weir.engine;

import dev.weir.backend.Backend.Workspace;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.program.EditState;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The values of edits in the memory of a workspace. Only what is not there already is brought there. */
final class EditMemory {

    private final Workspace workspace;
    private final int slots;
    private final Map<Tensor, Edit.Operand> operands = new HashMap<>();
    private final Map<Tensor, int[]> controls = new HashMap<>();

    EditMemory(Workspace workspace, int slots) {
        this.workspace = workspace;
        this.slots = slots;
    }

    /** Where the values of an edit lie. */
    EditState state(HookPoint point, Edit.OnMachine edit) {
        return EditState.of(point, edit, slots);
    }

    /** Puts the values of an edit there, for every slot. */
    void write(HookPoint point, Edit.OnMachine edit) {
        EditState state = state(point, edit);
        state.operand().ifPresent(tensor -> write(tensor, edit.operand().orElseThrow()));
        write(state.controls(), EditState.words(edit));
    }

    private void write(Tensor tensor, Edit.Operand operand) {
        if (!operand.equals(operands.get(tensor))) {
            workspace.write(tensor, 0, MemorySegment.ofArray(operand.values()));
            operands.put(tensor, operand);
        }
    }

    private void write(Tensor tensor, int[] words) {
        if (!Arrays.equals(words, controls.get(tensor))) {
            int[] ofEverySlot = new int[slots * EditState.WORDS];
            Arrays.setAll(ofEverySlot, i -> words[i % EditState.WORDS]);
            workspace.write(tensor, 0, MemorySegment.ofArray(ofEverySlot));
            controls.put(tensor, words);
        }
    }
}
