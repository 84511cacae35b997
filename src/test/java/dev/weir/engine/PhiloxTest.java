package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
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
                .mapToDouble(p -> Philox.uniform(7, p))
                .average()
                .orElseThrow();
        assertEquals(0.5, mean, 0.005);
        assertTrue(IntStream.range(0, 10_000).allMatch(p -> Philox.uniform(7, p) >= 0 && Philox.uniform(7, p) < 1));
        assertEquals(Philox.uniform(7, 3), Philox.uniform(7, 3));
        assertNotEquals(Philox.uniform(7, 3), Philox.uniform(8, 3));
        assertNotEquals(Philox.uniform(7, 3), Philox.uniform(7, 4));
    }
}
