package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.KernelFixture.requireSame;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("cuda")
class AttentionExactTest {

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
    @ValueSource(ints = {1, 5, 8, 64, 132})
    void attentionHasTheBitsOfTheCpu(int headWidth) {
        var given = AttentionCase.random(2, headWidth, 151, new int[] {1, 0, 1}, 0, 17, 150);
        check(given, given.whole(), true, true);
        check(given, given.shuffled(5), true, true);
        check(given, given.shuffled(6), true, true);
    }

    @Test
    void onlyWhatSomebodyWantsIsWritten() {
        var given = AttentionCase.random(3, 4, 9, new int[] {0}, 6);
        check(given, given.whole(), true, false);
        check(given, given.whole(), false, true);
    }

    private void check(AttentionCase given, CachePages pages, boolean wantsZ, boolean shows) {
        int shownKeys = given.context();
        AttentionCase.Exact expected = given.exact(shownKeys);
        long z = gpu.output(expected.z().length);
        long scores = gpu.output(expected.scores().length);
        long pattern = gpu.output(expected.pattern().length);
        gpu.runWithShared(
                Kernel.ATTENTION_EXACT,
                new int[] {given.rows(), given.heads()},
                BLOCK,
                (given.context() + given.headWidth()) * Float.BYTES,
                wantsZ ? z : null,
                shows ? scores : null,
                shows ? pattern : null,
                gpu.floats(given.q()),
                gpu.floats(given.keys(pages)),
                gpu.floats(given.values(pages)),
                gpu.ints(given.slots()),
                gpu.ints(given.positions()),
                gpu.ints(pages.table()),
                given.heads(),
                given.headWidth(),
                given.context(),
                pages.shift(),
                shownKeys,
                given.scale());
        if (wantsZ) {
            requireSame("z", expected.z(), gpu.read(z, expected.z().length));
        }
        if (shows) {
            requireSame("scores", expected.scores(), gpu.read(scores, expected.scores().length));
            requireSame("pattern", expected.pattern(), gpu.read(pattern, expected.pattern().length));
        }
    }
}
