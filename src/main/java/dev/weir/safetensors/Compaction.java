package dev.weir.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;

/**
 * Moves tensors of a file towards its beginning, in place, while their rows become shorter. Elements keep their order and none moves
 * backwards, so that what is written never reaches what is still to be read.
 */
final class Compaction {

    private static final int BUFFER_BYTES = 1 << 20;

    private final FileChannel channel;
    private final ByteBuffer window = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
    private final ByteBuffer pending = ByteBuffer.allocate(BUFFER_BYTES);
    private long windowBegin;
    private long pendingBegin;

    Compaction(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Moves one tensor. Tensors come in the order of the file.
     *
     * @param tensor as it lies there, from byte {@code from}
     * @param shape what is kept of it: of every axis the first so many
     * @param to where it shall lie, not after {@code from}
     */
    void move(Declaration tensor, long from, List<Long> shape, long to) throws IOException {
        if ((from == to && shape.equals(tensor.shape())) || shape.contains(0L)) {
            return;
        }
        if (to != pendingBegin + pending.position()) {
            flush();
            pendingBegin = to;
        }
        int axis = lastShorterAxis(tensor.shape(), shape);
        long innerBytes = Declaration.bytes(tensor.dtype(), tensor.shape().subList(axis + 1, shape.size()));
        if (axis < 0) {
            copy(from, innerBytes);
        } else {
            copyRuns(from, tensor.shape().subList(0, axis + 1), shape.subList(0, axis + 1), innerBytes);
        }
    }

    /** The axes after this one are kept whole, so that a run of bytes spans them; -1 if all are. */
    private static int lastShorterAxis(List<Long> largest, List<Long> shape) {
        int axis = shape.size() - 1;
        while (axis >= 0 && largest.get(axis).equals(shape.get(axis))) {
            axis--;
        }
        return axis;
    }

    /** Copies, for each index before the last axis, what is kept of the last axis. */
    private void copyRuns(long from, List<Long> largest, List<Long> shape, long innerBytes) throws IOException {
        if (shape.size() == 1) {
            copy(from, shape.getFirst() * innerBytes);
            return;
        }
        long stride = innerBytes;
        for (long extent : largest.subList(1, largest.size())) {
            stride *= extent;
        }
        for (long i = 0; i < shape.getFirst(); i++) {
            copyRuns(from + i * stride, largest.subList(1, largest.size()), shape.subList(1, shape.size()), innerBytes);
        }
    }

    private void copy(long from, long bytes) throws IOException {
        long done = 0;
        while (done < bytes) {
            show(from + done);
            int length = (int) Math.min(Math.min(window.remaining(), pending.remaining()), bytes - done);
            pending.put(pending.position(), window, window.position(), length).position(pending.position() + length);
            done += length;
            if (!pending.hasRemaining()) {
                flush();
            }
        }
    }

    /** Sets the window's position to a byte of the file, reading from there where the window lacks it. */
    private void show(long at) throws IOException {
        if (at < windowBegin || at >= windowBegin + window.limit()) {
            windowBegin = at;
            window.clear();
            int bytes;
            do {
                bytes = channel.read(window, at + window.position());
            } while (bytes >= 0 && window.hasRemaining());
            zeroRest();
        }
        window.position((int) (at - windowBegin));
    }

    /** Beyond the end of the file lie cells that nobody wrote. */
    private void zeroRest() {
        while (window.hasRemaining()) {
            window.put((byte) 0);
        }
    }

    /** Writes what is still pending. */
    void flush() throws IOException {
        pending.flip();
        while (pending.hasRemaining()) {
            pendingBegin += channel.write(pending, pendingBegin);
        }
        pending.clear();
    }
}
