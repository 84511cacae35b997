package dev.weir.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class DTypeTest {

    private static final List<DType> MODEL_TYPES = List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16);

    private static float stored(DType type, float value) {
        MemorySegment cell = MemorySegment.ofArray(new byte[Float.BYTES]);
        type.write(cell, 0, value);
        return type.read(cell, 0);
    }

    /** The two bfloat16 neighbours of a float differ in the lowest of their bits; the even one wins a tie. */
    @Property(tries = 5000)
    void bfloat16IsTheNearestOneAndTheEvenOneOfTwo(@ForAll int bits) {
        float value = Float.intBitsToFloat(bits);
        if (!(Math.abs(value) < 3e38f)) {
            return; // beyond it the neighbour above is infinite
        }
        int below = bits & 0xffff0000;
        int above = below + 0x10000;
        double toBelow = Math.abs((double) value - Float.intBitsToFloat(below));
        double toAbove = Math.abs((double) Float.intBitsToFloat(above) - value);
        boolean belowIsEven = (below >>> 16 & 1) == 0;
        int expected = toBelow < toAbove || (toBelow == toAbove && belowIsEven) ? below : above;
        assertEquals(expected, Float.floatToRawIntBits(stored(DType.BFLOAT16, value)));
    }

    @Property(tries = 2000)
    void whatWasStoredIsStoredAgainUnchanged(@ForAll int bits) {
        for (DType type : MODEL_TYPES) {
            float once = stored(type, Float.intBitsToFloat(bits));
            assertEquals(once, stored(type, once));
        }
    }

    @Test
    void nanAndInfinityStayWhatTheyAre() {
        for (DType type : MODEL_TYPES) {
            assertTrue(Float.isNaN(stored(type, Float.NaN)));
            assertTrue(Float.isNaN(stored(type, Float.intBitsToFloat(0x7f800001))));
            assertEquals(Float.NEGATIVE_INFINITY, stored(type, Float.NEGATIVE_INFINITY));
            assertEquals(-0.0f, stored(type, -0.0f));
        }
    }

    @Test
    void integersAreReadAsTheyAre() {
        var bytes = MemorySegment.ofArray(new byte[] {-2, -1, -1, -1, -1, -1, -1, -1});
        assertEquals(-2, DType.INT64.read(bytes, 0));
        assertEquals(-2, DType.INT32.read(bytes, 0));
        assertEquals(-2, DType.INT8.read(bytes, 0));
        assertEquals(254, DType.UINT8.read(bytes, 0));
        assertThrows(IllegalArgumentException.class, () -> DType.INT32.write(bytes, 0, 1));
    }

    @Test
    void aTypeIsFoundByEitherOfItsNames() {
        for (DType type : DType.values()) {
            assertEquals(type, DType.ofSafetensorsName(type.safetensorsName()).orElseThrow());
        }
        assertEquals(DType.BFLOAT16, DType.ofLabel("bfloat16"));
        var e = assertThrows(IllegalArgumentException.class, () -> DType.ofLabel("int32"));
        assertEquals("dtype 'int32': expected one of float32, float16, bfloat16", e.getMessage());
    }
}
