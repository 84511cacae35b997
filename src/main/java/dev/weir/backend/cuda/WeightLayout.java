package dev.weir.backend.cuda;

import dev.weir.backend.WeightView;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;

/**
 * How a weight lies on the GPU: lines of {@code inner} elements, each padded with zeros to 16 bytes, so that kernels may load whole
 * vectors. A line is a row of a table or a vector, and what one output is made of, a column, of a matrix. A table and a head that is
 * tied to it are the same lines, so they have equal layouts.
 *
 * @param source where the elements are, a line taken for a row
 * @param type of an element on the GPU
 * @param outer number of lines
 * @param inner elements of a line
 */
record WeightLayout(WeightView source, DType type, int outer, int inner) {

    private static final int LINE_BYTES = 16;

    /** So many lines, but no more, are converted at a time by one thread: as many cache lines as a core keeps close by. */
    private static final int STRIP = 64;

    /** A table, or a vector, which has one line. */
    static WeightLayout rowMajor(Tensor weight, WeightView view) {
        return new WeightLayout(view, weight.type(), weight.rows(), weight.columns());
    }

    /** A matrix that rows are multiplied with. */
    static WeightLayout outMajor(Tensor weight, WeightView view) {
        return new WeightLayout(view.transposed(), weight.type(), weight.columns(), weight.rows());
    }

    WeightLayout {
        if (!type.isModelFloat()) {
            throw new IllegalArgumentException(
                    "weight dtype: expected float32, float16 or bfloat16, got " + type.label());
        }
    }

    /** Elements from one line to the next. */
    static int stride(int inner, DType type) {
        int step = LINE_BYTES / type.bytes();
        return Math.ceilDiv(inner, step) * step;
    }

    /** Bytes from one line to the next. */
    static long lineBytes(int inner, DType type) {
        return (long) stride(inner, type) * type.bytes();
    }

    long lineBytes() {
        return lineBytes(inner, type);
    }

    long bytes() {
        return outer * lineBytes();
    }

    /** Writes lines in the layout of the GPU, on all cores. */
    void write(int fromLine, int lines, MemorySegment to) {
        IntStream.range(0, Math.ceilDiv(lines, STRIP)).parallel().forEach(strip -> {
            int first = strip * STRIP;
            int count = Math.min(STRIP, lines - first);
            writeStrip(fromLine + first, count, to.asSlice(first * lineBytes(), count * lineBytes()));
        });
    }

    private void writeStrip(int fromLine, int lines, MemorySegment to) {
        to.fill((byte) 0);
        if (source.readsRowsFaster()) {
            var line = new float[inner];
            for (int i = 0; i < lines; i++) {
                source.row(fromLine + i, 0, inner, line);
                store(line, inner, to, i * lineBytes(), type.bytes());
            }
        } else {
            var across = new float[lines];
            for (int k = 0; k < inner; k++) {
                source.column(k, fromLine, lines, across);
                store(across, lines, to, (long) k * type.bytes(), lineBytes());
            }
        }
    }

    private void store(float[] values, int count, MemorySegment to, long offset, long step) {
        for (int i = 0; i < count; i++) {
            type.write(to, offset + i * step, values[i]);
        }
    }
}
