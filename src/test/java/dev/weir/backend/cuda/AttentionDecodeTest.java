package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.KernelFixture.requireSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("cuda")
class AttentionDecodeTest {

    private static final int BLOCK = 256;

    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1", "6, 3", "7, 1", "64, 1", "64, 2", "64, 9", "80, 3", "128, 4", "129, 2", "160, 1", "256, 5", "320, 2",
        "511, 2"
    })
    void attentionIsCloseToFloat64WhateverTheWidthAndTheSplits(int headWidth, int splits) {
        var given = AttentionCase.random(2, headWidth, 203, new int[] {1, 0, 2}, 0, 65, 202);
        float[] z = run(given, splits);
        requireClose(given.inFloat64(), z);
        requireSame("pages of 32", z, run(given, given.shuffled(5), splits));
        requireSame("pages of 128", z, run(given, given.shuffled(7), splits));
    }

    @Test
    void theBitsOfARowDependNeitherOnOthersNorOnTheContext() {
        int headWidth = 64;
        var several = AttentionCase.random(2, headWidth, 150, new int[] {2, 0, 1}, 149, 3, 90);
        int width = 2 * headWidth;
        float[] all = run(several, 3);
        for (int row = 0; row < 3; row++) {
            int slot = several.slots()[row];
            int seen = several.positions()[row] + 1;
            var alone = new AttentionCase(
                    2,
                    headWidth,
                    seen,
                    new int[] {0},
                    new int[] {seen - 1},
                    Arrays.copyOfRange(several.q(), row * width, (row + 1) * width),
                    Arrays.copyOfRange(several.keys(), slot * 150 * width, (slot * 150 + seen) * width),
                    Arrays.copyOfRange(several.values(), slot * 150 * width, (slot * 150 + seen) * width));
            requireSame("row " + row, Arrays.copyOfRange(all, row * width, (row + 1) * width), run(alone, 3));
        }
    }

    @Test
    void aScoreThatIsNotANumberIsNotHidden() {
        var given = AttentionCase.random(1, 64, 100, new int[] {0}, 99);
        given.keys()[70 * 64] = Float.NaN;
        float[] z = run(given, 2);
        for (float value : z) {
            assertTrue(Float.isNaN(value));
        }
    }

    private float[] run(AttentionCase given, int splits) {
        return run(given, given.whole(), splits);
    }

    private float[] run(AttentionCase given, CachePages pages, int splits) {
        int count = given.q().length;
        boolean whole = splits == 1;
        long out = gpu.output(whole ? count : given.rows() * given.heads() * splits * (given.headWidth() + 2));
        long positions = gpu.ints(given.positions());
        gpu.run(
                Kernel.ATTENTION_DECODE,
                new int[] {splits, given.heads(), given.rows()},
                BLOCK,
                whole ? out : null,
                whole ? null : out,
                gpu.floats(given.q()),
                gpu.floats(given.keys(pages)),
                gpu.floats(given.values(pages)),
                gpu.ints(given.slots()),
                positions,
                gpu.ints(pages.table()),
                given.heads(),
                given.headWidth(),
                given.context(),
                pages.shift(),
                splits,
                given.scale());
        if (whole) {
            return gpu.read(out, count);
        }
        long z = gpu.output(count);
        gpu.run(
                Kernel.ATTENTION_COMBINE,
                new int[] {given.heads(), given.rows()},
                BLOCK,
                z,
                out,
                positions,
                given.heads(),
                given.headWidth(),
                given.context(),
                splits);
        return gpu.read(z, count);
    }

    private static void requireClose(double[] expected, float[] got) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(expected[i] - got[i]);
            assertTrue(
                    error <= 2e-5 * largest,
                    "z[%d]: expected %.9g, got %.9g, M %.3g".formatted(i, expected[i], got[i], largest));
        }
    }
}
