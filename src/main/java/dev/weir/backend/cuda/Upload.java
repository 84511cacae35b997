package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Event;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.PinnedMemory;
import dev.weir.backend.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Brings bytes to the GPU through two pinned buffers in turn: while one is copied, the other is filled. */
final class Upload implements AutoCloseable {

    /** Long enough that a copy takes many times as long as its start. */
    private static final long BUFFER_BYTES = 4L << 20;

    private final Gpu gpu;
    private final Stream stream;
    private final List<Buffer> buffers = new ArrayList<>();
    private int turn;

    Upload(Gpu gpu, Stream stream) {
        this.gpu = gpu;
        this.stream = stream;
    }

    private record Buffer(PinnedMemory memory, Event copied) implements AutoCloseable {
        @Override
        public void close() {
            copied.close();
            memory.close();
        }
    }

    /** Writes a stretch of lines to the beginning of a buffer. */
    interface Writer {
        void write(int fromLine, int lines, MemorySegment to);
    }

    /** Sends lines of equal length; later work of the stream finds them there. */
    void send(int lines, long lineBytes, Writer writer, long to) {
        int most = (int) Math.clamp(BUFFER_BYTES / lineBytes, 1, lines);
        for (int line = 0; line < lines; line += most) {
            int count = Math.min(most, lines - line);
            Buffer buffer = next(count * lineBytes);
            MemorySegment piece = buffer.memory.segment().asSlice(0, count * lineBytes);
            writer.write(line, count, piece);
            stream.copyIn(to + line * lineBytes, piece);
            stream.record(buffer.copied);
        }
    }

    /** Sends what lies anywhere, the heap included. */
    void send(MemorySegment from, long to) {
        for (long at = 0; at < from.byteSize(); at += BUFFER_BYTES) {
            long bytes = Math.min(BUFFER_BYTES, from.byteSize() - at);
            MemorySegment piece = from.asSlice(at, bytes);
            send(1, bytes, (line, lines, buffer) -> buffer.copyFrom(piece), to + at);
        }
    }

    private Buffer next(long bytes) {
        turn = 1 - turn;
        if (buffers.size() <= turn) {
            buffers.add(buffer(Math.max(bytes, BUFFER_BYTES)));
            turn = buffers.size() - 1;
            return buffers.get(turn);
        }
        Buffer buffer = buffers.get(turn);
        buffer.copied.synchronize();
        if (buffer.memory.segment().byteSize() < bytes) {
            buffers.set(turn, buffer(bytes));
            buffer.close();
        }
        return buffers.get(turn);
    }

    private Buffer buffer(long bytes) {
        PinnedMemory memory = gpu.pin(bytes);
        try {
            return new Buffer(memory, gpu.event());
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    @Override
    public void close() {
        buffers.forEach(Buffer::close);
        buffers.clear();
    }
}
