package dev.weir.backend.cpu.vector;

import static dev.weir.backend.cpu.vector.Lanes.BYTES;
import static dev.weir.backend.cpu.vector.Lanes.FLOATS;
import static dev.weir.backend.cpu.vector.Lanes.INTS;
import static dev.weir.backend.cpu.vector.Lanes.ORDER;
import static dev.weir.backend.cpu.vector.Lanes.PANEL_WIDTH;
import static dev.weir.backend.cpu.vector.Memory.ALL;

import dev.weir.backend.cpu.Panels;
import dev.weir.tensor.Int8Blocks;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Panels of int8; parameters as in {@link FloatTiles}. An int of a panel holds four depths of a column, the first in its low byte. Two
 * shifts bring one of them to the end of its lane with its sign; a conversion and the scale make the float32 that it stands for,
 * exactly. One row widens what it needs as it goes; for more, a panel is widened once.
 */
final class Int8Tiles {

    /** Depths that share an int. */
    private static final int GROUP = Integer.BYTES;

    private static final int BLOCK_GROUPS = Int8Blocks.LENGTH / GROUP;
    private static final long BLOCK_BYTES = Panels.blockBytes(PANEL_WIDTH);

    /** The scales of a block, the ints of a group, and a depth that is widened are equally long. */
    private static final long ROW_BYTES = 2 * BYTES;

    /** Depths before and after those that were asked for which {@link #widen} may write. */
    static final int SPARE = GROUP - 1;

    private Int8Tiles() {}

    /** Whether {@link #oneByTwo} can take so many depths of a matrix: whole groups, from the beginning of a block. */
    static boolean fits(Panels w, int depth) {
        return w.skipped() == 0 && depth % GROUP == 0;
    }

    /** One row by two panels; twice as many are too much for the compiler, which then leaves the method to the interpreter. */
    static void oneByTwo(float[] x, int from, long panel, long panelBytes, int depth, long out) {
        FloatVector sum00 = FloatVector.fromMemorySegment(FLOATS, ALL, out, ORDER);
        FloatVector sum01 = FloatVector.fromMemorySegment(FLOATS, ALL, out + BYTES, ORDER);
        FloatVector sum02 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 2 * BYTES, ORDER);
        FloatVector sum03 = FloatVector.fromMemorySegment(FLOATS, ALL, out + 3 * BYTES, ORDER);
        for (int g = 0; g < depth / GROUP; g++) {
            long block = panel + g / BLOCK_GROUPS * BLOCK_BYTES;
            long group = block + ROW_BYTES + g % BLOCK_GROUPS * ROW_BYTES;
            int column = from + GROUP * g;
            FloatVector x0 = FloatVector.broadcast(FLOATS, x[column]);
            FloatVector x1 = FloatVector.broadcast(FLOATS, x[column + 1]);
            FloatVector x2 = FloatVector.broadcast(FLOATS, x[column + 2]);
            FloatVector x3 = FloatVector.broadcast(FLOATS, x[column + 3]);
            FloatVector scale0 = FloatVector.fromMemorySegment(FLOATS, ALL, block, ORDER);
            IntVector four0 = IntVector.fromMemorySegment(INTS, ALL, group, ORDER);
            IntVector q00 = four0.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
            FloatVector w00 = ((FloatVector) q00.convert(VectorOperators.I2F, 0)).mul(scale0);
            sum00 = x0.fma(w00, sum00);
            IntVector q01 = four0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
            FloatVector w01 = ((FloatVector) q01.convert(VectorOperators.I2F, 0)).mul(scale0);
            sum00 = x1.fma(w01, sum00);
            IntVector q02 = four0.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
            FloatVector w02 = ((FloatVector) q02.convert(VectorOperators.I2F, 0)).mul(scale0);
            sum00 = x2.fma(w02, sum00);
            IntVector q03 = four0.lanewise(VectorOperators.ASHR, 24);
            FloatVector w03 = ((FloatVector) q03.convert(VectorOperators.I2F, 0)).mul(scale0);
            sum00 = x3.fma(w03, sum00);
            FloatVector scale1 = FloatVector.fromMemorySegment(FLOATS, ALL, block + BYTES, ORDER);
            IntVector four1 = IntVector.fromMemorySegment(INTS, ALL, group + BYTES, ORDER);
            IntVector q10 = four1.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
            FloatVector w10 = ((FloatVector) q10.convert(VectorOperators.I2F, 0)).mul(scale1);
            sum01 = x0.fma(w10, sum01);
            IntVector q11 = four1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
            FloatVector w11 = ((FloatVector) q11.convert(VectorOperators.I2F, 0)).mul(scale1);
            sum01 = x1.fma(w11, sum01);
            IntVector q12 = four1.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
            FloatVector w12 = ((FloatVector) q12.convert(VectorOperators.I2F, 0)).mul(scale1);
            sum01 = x2.fma(w12, sum01);
            IntVector q13 = four1.lanewise(VectorOperators.ASHR, 24);
            FloatVector w13 = ((FloatVector) q13.convert(VectorOperators.I2F, 0)).mul(scale1);
            sum01 = x3.fma(w13, sum01);
            FloatVector scale2 = FloatVector.fromMemorySegment(FLOATS, ALL, block + panelBytes, ORDER);
            IntVector four2 = IntVector.fromMemorySegment(INTS, ALL, group + panelBytes, ORDER);
            IntVector q20 = four2.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
            FloatVector w20 = ((FloatVector) q20.convert(VectorOperators.I2F, 0)).mul(scale2);
            sum02 = x0.fma(w20, sum02);
            IntVector q21 = four2.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
            FloatVector w21 = ((FloatVector) q21.convert(VectorOperators.I2F, 0)).mul(scale2);
            sum02 = x1.fma(w21, sum02);
            IntVector q22 = four2.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
            FloatVector w22 = ((FloatVector) q22.convert(VectorOperators.I2F, 0)).mul(scale2);
            sum02 = x2.fma(w22, sum02);
            IntVector q23 = four2.lanewise(VectorOperators.ASHR, 24);
            FloatVector w23 = ((FloatVector) q23.convert(VectorOperators.I2F, 0)).mul(scale2);
            sum02 = x3.fma(w23, sum02);
            FloatVector scale3 = FloatVector.fromMemorySegment(FLOATS, ALL, block + panelBytes + BYTES, ORDER);
            IntVector four3 = IntVector.fromMemorySegment(INTS, ALL, group + panelBytes + BYTES, ORDER);
            IntVector q30 = four3.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
            FloatVector w30 = ((FloatVector) q30.convert(VectorOperators.I2F, 0)).mul(scale3);
            sum03 = x0.fma(w30, sum03);
            IntVector q31 = four3.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
            FloatVector w31 = ((FloatVector) q31.convert(VectorOperators.I2F, 0)).mul(scale3);
            sum03 = x1.fma(w31, sum03);
            IntVector q32 = four3.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
            FloatVector w32 = ((FloatVector) q32.convert(VectorOperators.I2F, 0)).mul(scale3);
            sum03 = x2.fma(w32, sum03);
            IntVector q33 = four3.lanewise(VectorOperators.ASHR, 24);
            FloatVector w33 = ((FloatVector) q33.convert(VectorOperators.I2F, 0)).mul(scale3);
            sum03 = x3.fma(w33, sum03);
        }
        sum00.intoMemorySegment(ALL, out, ORDER);
        sum01.intoMemorySegment(ALL, out + BYTES, ORDER);
        sum02.intoMemorySegment(ALL, out + 2 * BYTES, ORDER);
        sum03.intoMemorySegment(ALL, out + 3 * BYTES, ORDER);
    }

    /**
     * Makes float32 of some depths of a panel, and of those that share their ints.
     *
     * @param to where the first of them goes, with room for {@value #SPARE} before it and after the last
     */
    static void widen(long panel, int fromDepth, int depth, long to) {
        int end = Math.ceilDiv(fromDepth + depth, GROUP);
        for (int g = fromDepth / GROUP; g < end; g++) {
            long block = panel + g / BLOCK_GROUPS * BLOCK_BYTES;
            long group = block + ROW_BYTES + g % BLOCK_GROUPS * ROW_BYTES;
            long row = to + (GROUP * g - fromDepth) * ROW_BYTES;
            FloatVector scale0 = FloatVector.fromMemorySegment(FLOATS, ALL, block, ORDER);
            IntVector four0 = IntVector.fromMemorySegment(INTS, ALL, group, ORDER);
            IntVector q00 = four0.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
            FloatVector w00 = ((FloatVector) q00.convert(VectorOperators.I2F, 0)).mul(scale0);
            w00.intoMemorySegment(ALL, row, ORDER);
            IntVector q01 = four0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
            FloatVector w01 = ((FloatVector) q01.convert(VectorOperators.I2F, 0)).mul(scale0);
            w01.intoMemorySegment(ALL, row + ROW_BYTES, ORDER);
            IntVector q02 = four0.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
            FloatVector w02 = ((FloatVector) q02.convert(VectorOperators.I2F, 0)).mul(scale0);
            w02.intoMemorySegment(ALL, row + 2 * ROW_BYTES, ORDER);
            IntVector q03 = four0.lanewise(VectorOperators.ASHR, 24);
            FloatVector w03 = ((FloatVector) q03.convert(VectorOperators.I2F, 0)).mul(scale0);
            w03.intoMemorySegment(ALL, row + 3 * ROW_BYTES, ORDER);
            FloatVector scale1 = FloatVector.fromMemorySegment(FLOATS, ALL, block + BYTES, ORDER);
            IntVector four1 = IntVector.fromMemorySegment(INTS, ALL, group + BYTES, ORDER);
            IntVector q10 = four1.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
            FloatVector w10 = ((FloatVector) q10.convert(VectorOperators.I2F, 0)).mul(scale1);
            w10.intoMemorySegment(ALL, row + BYTES, ORDER);
            IntVector q11 = four1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
            FloatVector w11 = ((FloatVector) q11.convert(VectorOperators.I2F, 0)).mul(scale1);
            w11.intoMemorySegment(ALL, row + ROW_BYTES + BYTES, ORDER);
            IntVector q12 = four1.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
            FloatVector w12 = ((FloatVector) q12.convert(VectorOperators.I2F, 0)).mul(scale1);
            w12.intoMemorySegment(ALL, row + 2 * ROW_BYTES + BYTES, ORDER);
            IntVector q13 = four1.lanewise(VectorOperators.ASHR, 24);
            FloatVector w13 = ((FloatVector) q13.convert(VectorOperators.I2F, 0)).mul(scale1);
            w13.intoMemorySegment(ALL, row + 3 * ROW_BYTES + BYTES, ORDER);
        }
    }
}
