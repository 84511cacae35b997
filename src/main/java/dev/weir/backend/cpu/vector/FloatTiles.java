package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.vector.Lanes.BYTES;
import static dev.weir.backend.cpu.vector.Lanes.FLOATS;
import static dev.weir.backend.cpu.vector.Lanes.ORDER;
import static dev.weir.backend.cpu.vector.Memory.ALL;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * A few rows times a few panels, in registers: out[r][n] = fma(x[r][k], w[k][n], out[r][n]) for k ascending. Every load, every
 * product and every sum is written out, for the compiler keeps sums in registers only where it sees them all in one method; and the
 * rows come from an array on the heap, whose bounds it checks outside the loop.
 *
 * <p>Parameters are the same everywhere: {@code x} and {@code from}, the rows as {@link dev.weir.backend.cpu.RowTiles} lays them out;
 * {@code panel}, the address of a panel of float32, and {@code panelBytes} to the next; {@code depth}, the rows of the panel;
 * {@code out}, the address of the first result, and {@code rowBytes} to the next row.
 */
final class FloatTiles {

    private static final long ROW_BYTES = 2 * BYTES;

    private FloatTiles() {}

    /** One row by four panels. */
    static void oneByFour(float[] x, int from, long panel, long panelBytes, int depth, long out) {
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum02 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 2 * BYTES, ORDER);
        FloatVector sum03 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 3 * BYTES, ORDER);
        FloatVector sum04 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 4 * BYTES, ORDER);
        FloatVector sum05 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 5 * BYTES, ORDER);
        FloatVector sum06 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 6 * BYTES, ORDER);
        FloatVector sum07 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 7 * BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector w2 = FloatVector.fromMemorySegment(FLOATS, ALL, row + panelBytes, ORDER);
            FloatVector w3 = FloatVector.fromMemorySegment(FLOATS, ALL, row + panelBytes + BYTES, ORDER);
            FloatVector w4 = FloatVector.fromMemorySegment(FLOATS, ALL, row + 2 * panelBytes, ORDER);
            FloatVector w5 = FloatVector.fromMemorySegment(FLOATS, ALL, row + 2 * panelBytes + BYTES, ORDER);
            FloatVector w6 = FloatVector.fromMemorySegment(FLOATS, ALL, row + 3 * panelBytes, ORDER);
            FloatVector w7 = FloatVector.fromMemorySegment(FLOATS, ALL, row + 3 * panelBytes + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            sum02 = x0.fma(w2, sum02);
            sum03 = x0.fma(w3, sum03);
            sum04 = x0.fma(w4, sum04);
            sum05 = x0.fma(w5, sum05);
            sum06 = x0.fma(w6, sum06);
            sum07 = x0.fma(w7, sum07);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum02.intoMemorySegment(ALL, out + 2 * BYTES, ORDER);
        sum03.intoMemorySegment(ALL, out + 3 * BYTES, ORDER);
        sum04.intoMemorySegment(ALL, out + 4 * BYTES, ORDER);
        sum05.intoMemorySegment(ALL, out + 5 * BYTES, ORDER);
        sum06.intoMemorySegment(ALL, out + 6 * BYTES, ORDER);
        sum07.intoMemorySegment(ALL, out + 7 * BYTES, ORDER);
    }

    /** One row by two panels. */
    static void oneByTwo(float[] x, int from, long panel, long panelBytes, int depth, long out) {
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum02 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 2 * BYTES, ORDER);
        FloatVector sum03 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 3 * BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector w2 = FloatVector.fromMemorySegment(FLOATS, ALL, row + panelBytes, ORDER);
            FloatVector w3 = FloatVector.fromMemorySegment(FLOATS, ALL, row + panelBytes + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            sum02 = x0.fma(w2, sum02);
            sum03 = x0.fma(w3, sum03);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum02.intoMemorySegment(ALL, out + 2 * BYTES, ORDER);
        sum03.intoMemorySegment(ALL, out + 3 * BYTES, ORDER);
    }

    /** One row by one panel. */
    static void one(float[] x, int from, long panel, int depth, long out) {
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
    }

    /** Two rows by two panels. */
    static void twoByTwo(float[] x, int from, long panel, long panelBytes, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum02 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 2 * BYTES, ORDER);
        FloatVector sum03 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 3 * BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        FloatVector sum12 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + 2 * BYTES, ORDER);
        FloatVector sum13 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + 3 * BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + 2 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector w2 = FloatVector.fromMemorySegment(FLOATS, ALL, row + panelBytes, ORDER);
            FloatVector w3 = FloatVector.fromMemorySegment(FLOATS, ALL, row + panelBytes + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            sum02 = x0.fma(w2, sum02);
            sum03 = x0.fma(w3, sum03);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
            sum12 = x1.fma(w2, sum12);
            sum13 = x1.fma(w3, sum13);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum02.intoMemorySegment(ALL, out + 2 * BYTES, ORDER);
        sum03.intoMemorySegment(ALL, out + 3 * BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
        sum12.intoMemorySegment(ALL, out1 + 2 * BYTES, ORDER);
        sum13.intoMemorySegment(ALL, out1 + 3 * BYTES, ORDER);
    }

    /** Two rows by one panel. */
    static void two(float[] x, int from, long panel, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + 2 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
    }

    /** Three rows by one panel. */
    static void three(float[] x, int from, long panel, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        long out2 = out1 + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        FloatVector sum20 = FloatVector.fromMemorySegment(FLOATS, ALL, out2, ORDER);
        FloatVector sum21 = FloatVector.fromMemorySegment(FLOATS, ALL, out2 + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + 3 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            sum20 = x2.fma(w0, sum20);
            sum21 = x2.fma(w1, sum21);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
        sum20.intoMemorySegment(ALL, out2, ORDER);
        sum21.intoMemorySegment(ALL, out2 + BYTES, ORDER);
    }

    /** Four rows by one panel. */
    static void four(float[] x, int from, long panel, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        long out2 = out1 + rowBytes;
        long out3 = out2 + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        FloatVector sum20 = FloatVector.fromMemorySegment(FLOATS, ALL, out2, ORDER);
        FloatVector sum21 = FloatVector.fromMemorySegment(FLOATS, ALL, out2 + BYTES, ORDER);
        FloatVector sum30 = FloatVector.fromMemorySegment(FLOATS, ALL, out3, ORDER);
        FloatVector sum31 = FloatVector.fromMemorySegment(FLOATS, ALL, out3 + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + 4 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            sum20 = x2.fma(w0, sum20);
            sum21 = x2.fma(w1, sum21);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            sum30 = x3.fma(w0, sum30);
            sum31 = x3.fma(w1, sum31);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
        sum20.intoMemorySegment(ALL, out2, ORDER);
        sum21.intoMemorySegment(ALL, out2 + BYTES, ORDER);
        sum30.intoMemorySegment(ALL, out3, ORDER);
        sum31.intoMemorySegment(ALL, out3 + BYTES, ORDER);
    }

    /** Five rows by one panel. */
    static void five(float[] x, int from, long panel, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        long out2 = out1 + rowBytes;
        long out3 = out2 + rowBytes;
        long out4 = out3 + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        FloatVector sum20 = FloatVector.fromMemorySegment(FLOATS, ALL, out2, ORDER);
        FloatVector sum21 = FloatVector.fromMemorySegment(FLOATS, ALL, out2 + BYTES, ORDER);
        FloatVector sum30 = FloatVector.fromMemorySegment(FLOATS, ALL, out3, ORDER);
        FloatVector sum31 = FloatVector.fromMemorySegment(FLOATS, ALL, out3 + BYTES, ORDER);
        FloatVector sum40 = FloatVector.fromMemorySegment(FLOATS, ALL, out4, ORDER);
        FloatVector sum41 = FloatVector.fromMemorySegment(FLOATS, ALL, out4 + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + 5 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            sum20 = x2.fma(w0, sum20);
            sum21 = x2.fma(w1, sum21);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            sum30 = x3.fma(w0, sum30);
            sum31 = x3.fma(w1, sum31);
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            sum40 = x4.fma(w0, sum40);
            sum41 = x4.fma(w1, sum41);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
        sum20.intoMemorySegment(ALL, out2, ORDER);
        sum21.intoMemorySegment(ALL, out2 + BYTES, ORDER);
        sum30.intoMemorySegment(ALL, out3, ORDER);
        sum31.intoMemorySegment(ALL, out3 + BYTES, ORDER);
        sum40.intoMemorySegment(ALL, out4, ORDER);
        sum41.intoMemorySegment(ALL, out4 + BYTES, ORDER);
    }

    /** Six rows by one panel. */
    static void six(float[] x, int from, long panel, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        long out2 = out1 + rowBytes;
        long out3 = out2 + rowBytes;
        long out4 = out3 + rowBytes;
        long out5 = out4 + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        FloatVector sum20 = FloatVector.fromMemorySegment(FLOATS, ALL, out2, ORDER);
        FloatVector sum21 = FloatVector.fromMemorySegment(FLOATS, ALL, out2 + BYTES, ORDER);
        FloatVector sum30 = FloatVector.fromMemorySegment(FLOATS, ALL, out3, ORDER);
        FloatVector sum31 = FloatVector.fromMemorySegment(FLOATS, ALL, out3 + BYTES, ORDER);
        FloatVector sum40 = FloatVector.fromMemorySegment(FLOATS, ALL, out4, ORDER);
        FloatVector sum41 = FloatVector.fromMemorySegment(FLOATS, ALL, out4 + BYTES, ORDER);
        FloatVector sum50 = FloatVector.fromMemorySegment(FLOATS, ALL, out5, ORDER);
        FloatVector sum51 = FloatVector.fromMemorySegment(FLOATS, ALL, out5 + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + 6 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            sum20 = x2.fma(w0, sum20);
            sum21 = x2.fma(w1, sum21);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            sum30 = x3.fma(w0, sum30);
            sum31 = x3.fma(w1, sum31);
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            sum40 = x4.fma(w0, sum40);
            sum41 = x4.fma(w1, sum41);
            FloatVector x5 = FloatVector.broadcast(FLOATS, x[column + 5]);
            sum50 = x5.fma(w0, sum50);
            sum51 = x5.fma(w1, sum51);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
        sum20.intoMemorySegment(ALL, out2, ORDER);
        sum21.intoMemorySegment(ALL, out2 + BYTES, ORDER);
        sum30.intoMemorySegment(ALL, out3, ORDER);
        sum31.intoMemorySegment(ALL, out3 + BYTES, ORDER);
        sum40.intoMemorySegment(ALL, out4, ORDER);
        sum41.intoMemorySegment(ALL, out4 + BYTES, ORDER);
        sum50.intoMemorySegment(ALL, out5, ORDER);
        sum51.intoMemorySegment(ALL, out5 + BYTES, ORDER);
    }

    /**
     * Six rows by one panel for an even depth, where there are no more than sixteen registers. Twelve sums leave four of them, so
     * nothing may be loaded early: a fence, which is no instruction here, keeps each row's load behind the products of the row before.
     */
    static void sixInTurn(float[] x, int from, long panel, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        long out2 = out1 + rowBytes;
        long out3 = out2 + rowBytes;
        long out4 = out3 + rowBytes;
        long out5 = out4 + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        FloatVector sum20 = FloatVector.fromMemorySegment(FLOATS, ALL, out2, ORDER);
        FloatVector sum21 = FloatVector.fromMemorySegment(FLOATS, ALL, out2 + BYTES, ORDER);
        FloatVector sum30 = FloatVector.fromMemorySegment(FLOATS, ALL, out3, ORDER);
        FloatVector sum31 = FloatVector.fromMemorySegment(FLOATS, ALL, out3 + BYTES, ORDER);
        FloatVector sum40 = FloatVector.fromMemorySegment(FLOATS, ALL, out4, ORDER);
        FloatVector sum41 = FloatVector.fromMemorySegment(FLOATS, ALL, out4 + BYTES, ORDER);
        FloatVector sum50 = FloatVector.fromMemorySegment(FLOATS, ALL, out5, ORDER);
        FloatVector sum51 = FloatVector.fromMemorySegment(FLOATS, ALL, out5 + BYTES, ORDER);
        for (int k = 0; k < depth; k += 2) {
            long row = panel + k * ROW_BYTES;
            int column = from + 6 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            VarHandle.loadLoadFence();
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
            VarHandle.loadLoadFence();
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            sum20 = x2.fma(w0, sum20);
            sum21 = x2.fma(w1, sum21);
            VarHandle.loadLoadFence();
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            sum30 = x3.fma(w0, sum30);
            sum31 = x3.fma(w1, sum31);
            VarHandle.loadLoadFence();
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            sum40 = x4.fma(w0, sum40);
            sum41 = x4.fma(w1, sum41);
            VarHandle.loadLoadFence();
            FloatVector x5 = FloatVector.broadcast(FLOATS, x[column + 5]);
            sum50 = x5.fma(w0, sum50);
            sum51 = x5.fma(w1, sum51);
            VarHandle.loadLoadFence();
            FloatVector v0 = FloatVector.fromMemorySegment(FLOATS, ALL, row + 2 * BYTES, ORDER);
            FloatVector v1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + 3 * BYTES, ORDER);
            FloatVector y0 = FloatVector.broadcast(FLOATS, x[column + 6]);
            sum00 = y0.fma(v0, sum00);
            sum01 = y0.fma(v1, sum01);
            VarHandle.loadLoadFence();
            FloatVector y1 = FloatVector.broadcast(FLOATS, x[column + 7]);
            sum10 = y1.fma(v0, sum10);
            sum11 = y1.fma(v1, sum11);
            VarHandle.loadLoadFence();
            FloatVector y2 = FloatVector.broadcast(FLOATS, x[column + 8]);
            sum20 = y2.fma(v0, sum20);
            sum21 = y2.fma(v1, sum21);
            VarHandle.loadLoadFence();
            FloatVector y3 = FloatVector.broadcast(FLOATS, x[column + 9]);
            sum30 = y3.fma(v0, sum30);
            sum31 = y3.fma(v1, sum31);
            VarHandle.loadLoadFence();
            FloatVector y4 = FloatVector.broadcast(FLOATS, x[column + 10]);
            sum40 = y4.fma(v0, sum40);
            sum41 = y4.fma(v1, sum41);
            VarHandle.loadLoadFence();
            FloatVector y5 = FloatVector.broadcast(FLOATS, x[column + 11]);
            sum50 = y5.fma(v0, sum50);
            sum51 = y5.fma(v1, sum51);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
        sum20.intoMemorySegment(ALL, out2, ORDER);
        sum21.intoMemorySegment(ALL, out2 + BYTES, ORDER);
        sum30.intoMemorySegment(ALL, out3, ORDER);
        sum31.intoMemorySegment(ALL, out3 + BYTES, ORDER);
        sum40.intoMemorySegment(ALL, out4, ORDER);
        sum41.intoMemorySegment(ALL, out4 + BYTES, ORDER);
        sum50.intoMemorySegment(ALL, out5, ORDER);
        sum51.intoMemorySegment(ALL, out5 + BYTES, ORDER);
    }

    /** Seven rows by one panel. */
    static void seven(float[] x, int from, long panel, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        long out2 = out1 + rowBytes;
        long out3 = out2 + rowBytes;
        long out4 = out3 + rowBytes;
        long out5 = out4 + rowBytes;
        long out6 = out5 + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        FloatVector sum20 = FloatVector.fromMemorySegment(FLOATS, ALL, out2, ORDER);
        FloatVector sum21 = FloatVector.fromMemorySegment(FLOATS, ALL, out2 + BYTES, ORDER);
        FloatVector sum30 = FloatVector.fromMemorySegment(FLOATS, ALL, out3, ORDER);
        FloatVector sum31 = FloatVector.fromMemorySegment(FLOATS, ALL, out3 + BYTES, ORDER);
        FloatVector sum40 = FloatVector.fromMemorySegment(FLOATS, ALL, out4, ORDER);
        FloatVector sum41 = FloatVector.fromMemorySegment(FLOATS, ALL, out4 + BYTES, ORDER);
        FloatVector sum50 = FloatVector.fromMemorySegment(FLOATS, ALL, out5, ORDER);
        FloatVector sum51 = FloatVector.fromMemorySegment(FLOATS, ALL, out5 + BYTES, ORDER);
        FloatVector sum60 = FloatVector.fromMemorySegment(FLOATS, ALL, out6, ORDER);
        FloatVector sum61 = FloatVector.fromMemorySegment(FLOATS, ALL, out6 + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + 7 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            sum20 = x2.fma(w0, sum20);
            sum21 = x2.fma(w1, sum21);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            sum30 = x3.fma(w0, sum30);
            sum31 = x3.fma(w1, sum31);
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            sum40 = x4.fma(w0, sum40);
            sum41 = x4.fma(w1, sum41);
            FloatVector x5 = FloatVector.broadcast(FLOATS, x[column + 5]);
            sum50 = x5.fma(w0, sum50);
            sum51 = x5.fma(w1, sum51);
            FloatVector x6 = FloatVector.broadcast(FLOATS, x[column + 6]);
            sum60 = x6.fma(w0, sum60);
            sum61 = x6.fma(w1, sum61);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
        sum20.intoMemorySegment(ALL, out2, ORDER);
        sum21.intoMemorySegment(ALL, out2 + BYTES, ORDER);
        sum30.intoMemorySegment(ALL, out3, ORDER);
        sum31.intoMemorySegment(ALL, out3 + BYTES, ORDER);
        sum40.intoMemorySegment(ALL, out4, ORDER);
        sum41.intoMemorySegment(ALL, out4 + BYTES, ORDER);
        sum50.intoMemorySegment(ALL, out5, ORDER);
        sum51.intoMemorySegment(ALL, out5 + BYTES, ORDER);
        sum60.intoMemorySegment(ALL, out6, ORDER);
        sum61.intoMemorySegment(ALL, out6 + BYTES, ORDER);
    }

    /** Eight rows by one panel. */
    static void eight(float[] x, int from, long panel, int depth, long out, long rowBytes) {
        long out1 = out + rowBytes;
        long out2 = out1 + rowBytes;
        long out3 = out2 + rowBytes;
        long out4 = out3 + rowBytes;
        long out5 = out4 + rowBytes;
        long out6 = out5 + rowBytes;
        long out7 = out6 + rowBytes;
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum10 = FloatVector.fromMemorySegment(FLOATS, ALL, out1, ORDER);
        FloatVector sum11 = FloatVector.fromMemorySegment(FLOATS, ALL, out1 + BYTES, ORDER);
        FloatVector sum20 = FloatVector.fromMemorySegment(FLOATS, ALL, out2, ORDER);
        FloatVector sum21 = FloatVector.fromMemorySegment(FLOATS, ALL, out2 + BYTES, ORDER);
        FloatVector sum30 = FloatVector.fromMemorySegment(FLOATS, ALL, out3, ORDER);
        FloatVector sum31 = FloatVector.fromMemorySegment(FLOATS, ALL, out3 + BYTES, ORDER);
        FloatVector sum40 = FloatVector.fromMemorySegment(FLOATS, ALL, out4, ORDER);
        FloatVector sum41 = FloatVector.fromMemorySegment(FLOATS, ALL, out4 + BYTES, ORDER);
        FloatVector sum50 = FloatVector.fromMemorySegment(FLOATS, ALL, out5, ORDER);
        FloatVector sum51 = FloatVector.fromMemorySegment(FLOATS, ALL, out5 + BYTES, ORDER);
        FloatVector sum60 = FloatVector.fromMemorySegment(FLOATS, ALL, out6, ORDER);
        FloatVector sum61 = FloatVector.fromMemorySegment(FLOATS, ALL, out6 + BYTES, ORDER);
        FloatVector sum70 = FloatVector.fromMemorySegment(FLOATS, ALL, out7, ORDER);
        FloatVector sum71 = FloatVector.fromMemorySegment(FLOATS, ALL, out7 + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * ROW_BYTES;
            int column = from + 8 * k;
            FloatVector w0 = FloatVector.fromMemorySegment(FLOATS, ALL, row, ORDER);
            FloatVector w1 = FloatVector.fromMemorySegment(FLOATS, ALL, row + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            sum00 = x0.fma(w0, sum00);
            sum01 = x0.fma(w1, sum01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            sum10 = x1.fma(w0, sum10);
            sum11 = x1.fma(w1, sum11);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            sum20 = x2.fma(w0, sum20);
            sum21 = x2.fma(w1, sum21);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            sum30 = x3.fma(w0, sum30);
            sum31 = x3.fma(w1, sum31);
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            sum40 = x4.fma(w0, sum40);
            sum41 = x4.fma(w1, sum41);
            FloatVector x5 = FloatVector.broadcast(FLOATS, x[column + 5]);
            sum50 = x5.fma(w0, sum50);
            sum51 = x5.fma(w1, sum51);
            FloatVector x6 = FloatVector.broadcast(FLOATS, x[column + 6]);
            sum60 = x6.fma(w0, sum60);
            sum61 = x6.fma(w1, sum61);
            FloatVector x7 = FloatVector.broadcast(FLOATS, x[column + 7]);
            sum70 = x7.fma(w0, sum70);
            sum71 = x7.fma(w1, sum71);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum10.intoMemorySegment(ALL, out1, ORDER);
        sum11.intoMemorySegment(ALL, out1 + BYTES, ORDER);
        sum20.intoMemorySegment(ALL, out2, ORDER);
        sum21.intoMemorySegment(ALL, out2 + BYTES, ORDER);
        sum30.intoMemorySegment(ALL, out3, ORDER);
        sum31.intoMemorySegment(ALL, out3 + BYTES, ORDER);
        sum40.intoMemorySegment(ALL, out4, ORDER);
        sum41.intoMemorySegment(ALL, out4 + BYTES, ORDER);
        sum50.intoMemorySegment(ALL, out5, ORDER);
        sum51.intoMemorySegment(ALL, out5 + BYTES, ORDER);
        sum60.intoMemorySegment(ALL, out6, ORDER);
        sum61.intoMemorySegment(ALL, out6 + BYTES, ORDER);
        sum70.intoMemorySegment(ALL, out7, ORDER);
        sum71.intoMemorySegment(ALL, out7 + BYTES, ORDER);
    }
}
