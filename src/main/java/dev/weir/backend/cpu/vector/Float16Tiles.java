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
 * Panels of float16; parameters as in {@link FloatTiles}. An int of a panel holds two columns, as in {@link Bfloat16Tiles}. A float16
 * has a shorter exponent than a float32: moved into the place of the longer one and multiplied by the difference of the biases it is
 * exact, subnormals among them. Infinities and NaN it cannot be; such matrices are packed as float32. One row widens what it needs
 * as it goes; for more, a panel is widened once.
 */
final class Float16Tiles {

    /** Clears what an arithmetic shift by three puts between the sign and the exponent. */
    private static final int LOW = 0x8fffffff;

    /** The same, and the bits of the other column. */
    private static final int HIGH = 0x8fffe000;

    private static final float SCALE = 0x1p112f;

    private Float16Tiles() {}

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
            IntVector w0Bits = pairs0.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, 3);
            FloatVector w0 = w0Bits.lanewise(VectorOperators.AND, LOW)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            sum00 = x0.fma(w0, sum00);
            IntVector w1Bits = pairs0.lanewise(VectorOperators.ASHR, 3);
            FloatVector w1 = w1Bits.lanewise(VectorOperators.AND, HIGH)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            sum01 = x0.fma(w1, sum01);
            IntVector pairs1 = IntVector.fromMemorySegment(INTS, ALL, row + panelBytes, ORDER);
            IntVector w2Bits = pairs1.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, 3);
            FloatVector w2 = w2Bits.lanewise(VectorOperators.AND, LOW)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            sum02 = x0.fma(w2, sum02);
            IntVector w3Bits = pairs1.lanewise(VectorOperators.ASHR, 3);
            FloatVector w3 = w3Bits.lanewise(VectorOperators.AND, HIGH)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            sum03 = x0.fma(w3, sum03);
            IntVector pairs2 = IntVector.fromMemorySegment(INTS, ALL, row + 2 * panelBytes, ORDER);
            IntVector w4Bits = pairs2.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, 3);
            FloatVector w4 = w4Bits.lanewise(VectorOperators.AND, LOW)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            sum04 = x0.fma(w4, sum04);
            IntVector w5Bits = pairs2.lanewise(VectorOperators.ASHR, 3);
            FloatVector w5 = w5Bits.lanewise(VectorOperators.AND, HIGH)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            sum05 = x0.fma(w5, sum05);
            IntVector pairs3 = IntVector.fromMemorySegment(INTS, ALL, row + 3 * panelBytes, ORDER);
            IntVector w6Bits = pairs3.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, 3);
            FloatVector w6 = w6Bits.lanewise(VectorOperators.AND, LOW)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            sum06 = x0.fma(w6, sum06);
            IntVector w7Bits = pairs3.lanewise(VectorOperators.ASHR, 3);
            FloatVector w7 = w7Bits.lanewise(VectorOperators.AND, HIGH)
                    .reinterpretAsFloats()
                    .mul(SCALE);
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

    /** Makes float32 of some depths of a panel. */
    static void widen(long panel, int depth, long to) {
        for (int k = 0; k < depth; k++) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, ALL, panel + k * BYTES, ORDER);
            IntVector lowBits = pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, 3);
            FloatVector low = lowBits.lanewise(VectorOperators.AND, LOW)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            IntVector highBits = pairs.lanewise(VectorOperators.ASHR, 3);
            FloatVector high = highBits.lanewise(VectorOperators.AND, HIGH)
                    .reinterpretAsFloats()
                    .mul(SCALE);
            low.intoMemorySegment(ALL, to + 2 * BYTES * k, ORDER);
            high.intoMemorySegment(ALL, to + 2 * BYTES * k + BYTES, ORDER);
        }
    }
}
