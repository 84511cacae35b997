package dev.weir.backend.cpu.vector;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The registers of this machine.
 *
 * <p>Why loops over registers call the library and no helper of ours: a compiler inlines any amount of the library's code into a
 * loop, but only so much of ours, and a helper that it leaves out takes its registers as objects.
 */
final class Lanes {

    /** The widest of up to sixteen lanes, the number of partial sums of a row. */
    static final VectorSpecies<Float> FLOATS =
            FloatVector.SPECIES_PREFERRED.length() > 16 ? FloatVector.SPECIES_512 : FloatVector.SPECIES_PREFERRED;

    static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class).check(int.class);

    /** As many lanes of half the width. */
    static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    /** Values of a register. */
    static final int COUNT = FLOATS.length();

    /** Bytes of a register. */
    static final long BYTES = (long) COUNT * Float.BYTES;

    /** A panel is two registers wide: the tiles that a compiler can keep in registers are. */
    static final int PANEL_WIDTH = 2 * COUNT;

    private Lanes() {}
}
