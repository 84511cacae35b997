package dev.weir.backend.cuda;

import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * What varies from step to step, packed into one copy: tokens, positions, slots, outputs. Two pinned buffers take turns, so that a step
 * can be prepared while the one before still waits for the GPU.
 */
final class InputFeed implements AutoCloseable {

    private final Device device;
    private final List<PinnedBuffer> buffers;
    private int turn;

    InputFeed(Device device) {
        this.device = device;
        buffers = PinnedBuffer.several(device.gpu(), 2);
    }

    /** What the rows of a step take. */
    static long bytes(int rows, int outputs) {
        return (3L * rows + outputs) * Integer.BYTES;
    }

    void reserve(long bytes) {
        buffers.forEach(buffer -> buffer.reserve(bytes));
    }

    /** Sends the rows of a step, which may change as soon as this returns. */
    void send(Rows rows, long to) {
        turn = 1 - turn;
        PinnedBuffer buffer = buffers.get(turn);
        MemorySegment packed = buffer.settledPart(0, bytes(rows.count(), rows.outputs().length));
        long at = 0;
        for (int[] values : List.of(rows.tokens(), rows.positions(), rows.slots(), rows.outputs())) {
            MemorySegment.copy(values, 0, packed, ValueLayout.JAVA_INT, at, values.length);
            at += (long) values.length * Integer.BYTES;
        }
        device.compute().copyIn(to, packed);
        buffer.leaveTo(device.compute());
    }

    @Override
    public void close() {
        buffers.forEach(PinnedBuffer::close);
    }
}
