package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.vector.Lanes.BYTES;
import static dev.weir.backend.cpu.vector.Lanes.FLOATS;
import static dev.weir.backend.cpu.vector.Lanes.INTS;
import static dev.weir.backend.cpu.vector.Lanes.ORDER;
import static dev.weir.backend.cpu.vector.Memory.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Tiles of panels of bfloat16; parameters as in {@link FloatTiles}. An int of a panel holds a column of its first half in the low 16
 * bits and one of its second half in the high 16 bits. A bfloat16 is the upper half of a float32, so a shift and a mask widen a
 * register of ints to the two registers of a panel's row: between the multiply-adds of a few rows, or once for many.
 */
final class Bfloat16Tiles {

    private static final int UPPER = 0xffff0000;

    private Bfloat16Tiles() {}

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
            long row = panel + k * BYTES;
            int column = from + k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
            IntVector pairs1 = IntVector.fromMemorySegment(INTS, ALL, row + panelBytes, ORDER);
            FloatVector w2 = pairs1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum02 = x0.fma(w2, sum02);
            FloatVector w3 = pairs1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum03 = x0.fma(w3, sum03);
            IntVector pairs2 = IntVector.fromMemorySegment(INTS, ALL, row + 2 * panelBytes, ORDER);
            FloatVector w4 = pairs2.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum04 = x0.fma(w4, sum04);
            FloatVector w5 = pairs2.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum05 = x0.fma(w5, sum05);
            IntVector pairs3 = IntVector.fromMemorySegment(INTS, ALL, row + 3 * panelBytes, ORDER);
            FloatVector w6 = pairs3.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum06 = x0.fma(w6, sum06);
            FloatVector w7 = pairs3.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
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

    /** One row by one panel. */
    static void one(float[] x, int from, long panel, int depth, long out) {
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        for (int k = 0; k < depth; k++) {
            long row = panel + k * BYTES;
            int column = from + k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
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
            long row = panel + k * BYTES;
            int column = from + 2 * k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            sum10 = x1.fma(w0, sum10);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
            sum11 = x1.fma(w1, sum11);
            IntVector pairs1 = IntVector.fromMemorySegment(INTS, ALL, row + panelBytes, ORDER);
            FloatVector w2 = pairs1.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum02 = x0.fma(w2, sum02);
            sum12 = x1.fma(w2, sum12);
            FloatVector w3 = pairs1.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum03 = x0.fma(w3, sum03);
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
            long row = panel + k * BYTES;
            int column = from + 2 * k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            sum10 = x1.fma(w0, sum10);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
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
            long row = panel + k * BYTES;
            int column = from + 3 * k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            sum10 = x1.fma(w0, sum10);
            sum20 = x2.fma(w0, sum20);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
            sum11 = x1.fma(w1, sum11);
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
            long row = panel + k * BYTES;
            int column = from + 4 * k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            sum10 = x1.fma(w0, sum10);
            sum20 = x2.fma(w0, sum20);
            sum30 = x3.fma(w0, sum30);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
            sum11 = x1.fma(w1, sum11);
            sum21 = x2.fma(w1, sum21);
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
            long row = panel + k * BYTES;
            int column = from + 5 * k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            sum10 = x1.fma(w0, sum10);
            sum20 = x2.fma(w0, sum20);
            sum30 = x3.fma(w0, sum30);
            sum40 = x4.fma(w0, sum40);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
            sum11 = x1.fma(w1, sum11);
            sum21 = x2.fma(w1, sum21);
            sum31 = x3.fma(w1, sum31);
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
            long row = panel + k * BYTES;
            int column = from + 6 * k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            FloatVector x5 = FloatVector.broadcast(FLOATS, x[column + 5]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            sum10 = x1.fma(w0, sum10);
            sum20 = x2.fma(w0, sum20);
            sum30 = x3.fma(w0, sum30);
            sum40 = x4.fma(w0, sum40);
            sum50 = x5.fma(w0, sum50);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
            sum11 = x1.fma(w1, sum11);
            sum21 = x2.fma(w1, sum21);
            sum31 = x3.fma(w1, sum31);
            sum41 = x4.fma(w1, sum41);
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
            long row = panel + k * BYTES;
            int column = from + 7 * k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            FloatVector x5 = FloatVector.broadcast(FLOATS, x[column + 5]);
            FloatVector x6 = FloatVector.broadcast(FLOATS, x[column + 6]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            sum10 = x1.fma(w0, sum10);
            sum20 = x2.fma(w0, sum20);
            sum30 = x3.fma(w0, sum30);
            sum40 = x4.fma(w0, sum40);
            sum50 = x5.fma(w0, sum50);
            sum60 = x6.fma(w0, sum60);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
            sum11 = x1.fma(w1, sum11);
            sum21 = x2.fma(w1, sum21);
            sum31 = x3.fma(w1, sum31);
            sum41 = x4.fma(w1, sum41);
            sum51 = x5.fma(w1, sum51);
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
            long row = panel + k * BYTES;
            int column = from + 8 * k;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            FloatVector x4 = FloatVector.broadcast(FLOATS, x[column + 4]);
            FloatVector x5 = FloatVector.broadcast(FLOATS, x[column + 5]);
            FloatVector x6 = FloatVector.broadcast(FLOATS, x[column + 6]);
            FloatVector x7 = FloatVector.broadcast(FLOATS, x[column + 7]);
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, row, ORDER);
            FloatVector w0 = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            sum00 = x0.fma(w0, sum00);
            sum10 = x1.fma(w0, sum10);
            sum20 = x2.fma(w0, sum20);
            sum30 = x3.fma(w0, sum30);
            sum40 = x4.fma(w0, sum40);
            sum50 = x5.fma(w0, sum50);
            sum60 = x6.fma(w0, sum60);
            sum70 = x7.fma(w0, sum70);
            FloatVector w1 = pairs0.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            sum01 = x0.fma(w1, sum01);
            sum11 = x1.fma(w1, sum11);
            sum21 = x2.fma(w1, sum21);
            sum31 = x3.fma(w1, sum31);
            sum41 = x4.fma(w1, sum41);
            sum51 = x5.fma(w1, sum51);
            sum61 = x6.fma(w1, sum61);
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

    /** Makes float32 of some depths of a panel. */
    static void widen(long panel, int depth, long to) {
        for (int k = 0; k < depth; k++) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, ALL, panel + k * BYTES, ORDER);
            FloatVector low = pairs.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
            FloatVector high = pairs.lanewise(VectorOperators.AND, UPPER).reinterpretAsFloats();
            low.intoMemorySegment(ALL, to + 2 * BYTES * k, ORDER);
            high.intoMemorySegment(ALL, to + 2 * BYTES * k + BYTES, ORDER);
        }
    }
}
