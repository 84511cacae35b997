package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Brings bytes to the GPU through two pinned buffers in turn: while one is copied, the other is filled. The buffers stay for the next,
 * until the GPU is closed.
 */
final class Upload {

    /** Long enough that a copy takes many times as long as its start. */
    private static final long BUFFER_BYTES = 4L << 20;

    private final Stream stream;
    private final List<PinnedBuffer> buffers;
    private int turn;

    Upload(Gpu gpu, Stream stream) {
        this.stream = stream;
        buffers = PinnedBuffer.several(gpu, 2);
    }

    /** Writes a stretch of lines to the beginning of a buffer. */
    interface Writer {
        void write(int fromLine, int lines, MemorySegment to);
    }

    /** Sends lines of equal length; later work of the stream finds them there. */
    void send(int lines, long lineBytes, Writer writer, long to) {
        int most = Math.clamp(BUFFER_BYTES / lineBytes, 1, lines);
        for (int line = 0; line < lines; line += most) {
            int count = Math.min(most, lines - line);
            PinnedBuffer buffer = next(count * lineBytes);
            MemorySegment piece = buffer.part(0, count * lineBytes);
            writer.write(line, count, piece);
            stream.copyIn(to + line * lineBytes, piece);
            buffer.leaveTo(stream);
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

    private PinnedBuffer next(long bytes) {
        turn = 1 - turn;
        PinnedBuffer buffer = buffers.get(turn);
        buffer.reserve(Math.max(bytes, BUFFER_BYTES));
        return buffer;
    }
}
