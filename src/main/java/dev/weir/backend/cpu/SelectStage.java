package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;

/** Copies the rows whose logits are wanted. */
record SelectStage(StepRows step, Window x, Window out, int columns) implements Stage {

    @Override
    public void run() {
        int[] outputs = step.rows().outputs();
        long bytes = (long) columns * Float.BYTES;
        for (int r = 0; r < outputs.length; r++) {
            MemorySegment.copy(x.data(), x.at(outputs[r], 0), out.data(), out.at(r, 0), bytes);
        }
    }
}
