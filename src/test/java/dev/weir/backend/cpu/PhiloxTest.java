package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.math.BigInteger;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PhiloxTest {

    /** The known answers that accompany the paper's own implementation. */
    @Test
    void blocksAreThoseOfThePaper() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, Philox.block(0, 0, 0, 0, 0));
        assertArrayEquals(
                new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, Philox.block(-1L, -1, -1, -1, -1));
        assertArrayEquals(
                new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                Philox.block(0x299f31d0a4093822L, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
    }

    @Test
    void numbersAreUniformAndDependOnSeedAndPositionOnly() {
        double mean = IntStream.range(0, 100_000)
                .mapToLong(position -> Philox.below(1000, 7, position))
                .average()
                .orElseThrow();
        assertEquals(499.5, mean, 5);
        assertEquals(Philox.below(1 << 24, 7, 3), Philox.below(1 << 24, 7, 3));
        assertNotEquals(Philox.below(1 << 24, 7, 3), Philox.below(1 << 24, 8, 3));
        assertNotEquals(Philox.below(1 << 24, 7, 3), Philox.below(1 << 24, 7, 4));
    }

    @Property
    void aNumberBelowALimitIsAFractionOfItRoundedDown(
            @ForAll long seed, @ForAll int position, @ForAll @LongRange(min = 1) long limit) {
        long fraction = Philox.below(1 << 24, seed, position);
        BigInteger exact =
                BigInteger.valueOf(limit).multiply(BigInteger.valueOf(fraction)).shiftRight(24);
        assertEquals(exact, BigInteger.valueOf(Philox.below(limit, seed, position)));
    }
}
