package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.KernelFixture.requireSame;

import dev.weir.backend.cpu.ScalarKernels;
import dev.weir.backend.cpu.Window;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The three kernels that attention is when somebody edits its scores or its pattern. */
@Tag("cuda")
class AttentionOpenedTest {

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
    void unchangedTheyHaveTheBitsOfAttention(int headWidth) {
        check(AttentionCase.random(2, headWidth, 151, new int[] {1, 0, 1}, 0, 17, 150), 160);
    }

    @Test
    void aRowMaySeeMoreKeysThanFitIntoSharedMemory() {
        int context = 13_000;
        check(AttentionCase.random(1, 4, context, new int[] {0, 0}, 3, context - 1), context);
    }

    private void check(AttentionCase given, int shownKeys) {
        check(given, given.whole(), shownKeys);
        check(given, given.shuffled(5), shownKeys);
    }

    private void check(AttentionCase given, CachePages pages, int shownKeys) {
        AttentionCase.Exact expected = given.exact(shownKeys);
        float[] scores = scores(given, pages, shownKeys, gpu.floats(given.keys(pages)));
        requireSame("scores", expected.scores(), scores);
        requireSame(
                "not aligned",
                expected.scores(),
                scores(given, pages, shownKeys, gpu.misalignedFloats(given.keys(pages))));
        float[] pattern = pattern(given, shownKeys, scores);
        requireSame("pattern", expected.pattern(), pattern);
        requireSame("z", expected.z(), mix(given, pages, shownKeys, pattern));
    }

    /** As an edit may leave them: any number at all where the row does not look, and minus infinity where it does. */
    @Test
    void whatIsThereForKeysAfterThePositionHasNoEffect() {
        int shownKeys = 40;
        var given = AttentionCase.random(2, 8, 40, new int[] {0, 1}, 20, 37);
        AttentionCase.Exact exact = given.exact(shownKeys);
        float[] scores = edited(exact.scores(), given, shownKeys);
        float[] expected = exact.pattern().clone();
        var kernels = new ScalarKernels();
        for (int item = 0; item < given.rows() * given.heads(); item++) {
            int seen = given.positions()[item / given.heads()] + 1;
            float[] weights = Arrays.copyOfRange(scores, item * shownKeys, item * shownKeys + seen);
            kernels.softmax(new Window(MemorySegment.ofArray(weights), 0, seen), 0, seen);
            System.arraycopy(weights, 0, expected, item * shownKeys, seen);
        }
        requireSame("pattern", expected, pattern(given, shownKeys, scores));

        float[] z = mix(given, given.whole(), shownKeys, exact.pattern());
        float[] pattern = exact.pattern().clone();
        poisonAfterPositions(pattern, given, shownKeys);
        requireSame("z", z, mix(given, given.whole(), shownKeys, pattern));
    }

    private static float[] edited(float[] scores, AttentionCase given, int shownKeys) {
        float[] edited = scores.clone();
        var random = new SplittableRandom(7);
        for (int i = 0; i < edited.length; i++) {
            edited[i] = random.nextInt(5) == 0 ? Float.NEGATIVE_INFINITY : edited[i] + random.nextFloat(-9, 9);
        }
        poisonAfterPositions(edited, given, shownKeys);
        return edited;
    }

    private static void poisonAfterPositions(float[] square, AttentionCase given, int shownKeys) {
        for (int item = 0; item < given.rows() * given.heads(); item++) {
            int seen = given.positions()[item / given.heads()] + 1;
            Arrays.fill(square, item * shownKeys + seen, (item + 1) * shownKeys, Float.NaN);
        }
    }

    private float[] scores(AttentionCase given, CachePages pages, int shownKeys, long keys) {
        int count = given.rows() * given.heads() * shownKeys;
        long scores = gpu.output(count);
        gpu.runWithShared(
                Kernel.ATTENTION_SCORES,
                new int[] {given.rows(), given.heads(), Math.ceilDiv(shownKeys, BLOCK)},
                BLOCK,
                given.headWidth() * Float.BYTES,
                scores,
                gpu.floats(given.q()),
                keys,
                gpu.ints(given.slots()),
                gpu.ints(given.positions()),
                gpu.ints(pages.table()),
                given.heads(),
                given.headWidth(),
                given.context(),
                pages.shift(),
                shownKeys,
                given.scale());
        return gpu.read(scores, count);
    }

    private float[] pattern(AttentionCase given, int shownKeys, float... scores) {
        long pattern = gpu.output(scores.length);
        gpu.run(
                Kernel.ATTENTION_PATTERN,
                new int[] {given.rows(), given.heads()},
                BLOCK,
                pattern,
                gpu.floats(scores),
                gpu.ints(given.positions()),
                given.heads(),
                shownKeys);
        return gpu.read(pattern, scores.length);
    }

    private float[] mix(AttentionCase given, CachePages pages, int shownKeys, float... pattern) {
        int count = given.q().length;
        long z = gpu.output(count);
        gpu.run(
                Kernel.ATTENTION_MIX,
                new int[] {given.rows(), Math.ceilDiv(given.heads() * given.headWidth(), BLOCK)},
                BLOCK,
                z,
                gpu.floats(pattern),
                gpu.floats(given.values(pages)),
                gpu.ints(given.slots()),
                gpu.ints(given.positions()),
                gpu.ints(pages.table()),
                given.heads(),
                given.headWidth(),
                given.context(),
                pages.shift(),
                shownKeys);
        return gpu.read(z, count);
    }
}
