package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Event;
import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;

/**
 * What varies from step to step, packed into one copy: tokens, positions, slots, outputs. Two pinned buffers take turns, so that a step
 * can be prepared while the one before still waits for the GPU.
 */
final class InputFeed implements AutoCloseable {

    private final Device device;
    private final List<Buffer> buffers;
    private int turn;

    InputFeed(Device device) {
        this.device = device;
        buffers = Stream.generate(() ->
                        new Buffer(new PinnedBuffer(device.gpu()), device.gpu().event()))
                .limit(2)
                .toList();
    }

    private record Buffer(PinnedBuffer memory, Event copied) {}

    /** What the rows of a step take. */
    static long bytes(int rows, int outputs) {
        return (3L * rows + outputs) * Integer.BYTES;
    }

    void reserve(long bytes) {
        for (Buffer buffer : buffers) {
            buffer.copied.synchronize();
            buffer.memory.reserve(bytes);
        }
    }

    /** Sends the rows of a step, which may change as soon as this returns. */
    void send(Rows rows, long to) {
        turn = 1 - turn;
        Buffer buffer = buffers.get(turn);
        buffer.copied.synchronize();
        MemorySegment packed = buffer.memory.first(bytes(rows.count(), rows.outputs().length));
        long at = 0;
        for (int[] values : List.of(rows.tokens(), rows.positions(), rows.slots(), rows.outputs())) {
            MemorySegment.copy(values, 0, packed, ValueLayout.JAVA_INT, at, values.length);
            at += (long) values.length * Integer.BYTES;
        }
        device.compute().copyIn(to, packed);
        device.compute().record(buffer.copied);
    }

    @Override
    public void close() {
        for (Buffer buffer : buffers) {
            buffer.copied.close();
            buffer.memory.close();
        }
    }
}
