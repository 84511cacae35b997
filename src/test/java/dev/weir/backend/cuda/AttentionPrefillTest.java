package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.fail;

import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("cuda")
class AttentionPrefillTest {

    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    /** Rows of a step: each a position of a slot. */
    private record Step(int[] slots, int[] positions) {

        /** One run for each triple of slot, first position and number of rows. */
        static Step of(int... runs) {
            var slots = IntStream.builder();
            var positions = IntStream.builder();
            for (int i = 0; i < runs.length; i += 3) {
                for (int row = 0; row < runs[i + 2]; row++) {
                    slots.add(runs[i]);
                    positions.add(runs[i + 1] + row);
                }
            }
            return new Step(slots.build().toArray(), positions.build().toArray());
        }

        Step from(int row) {
            return new Step(
                    Arrays.copyOfRange(slots, row, slots.length), Arrays.copyOfRange(positions, row, slots.length));
        }

        int rows() {
            return slots.length;
        }
    }

    /** Queries and a cache; beyond the positions that a step sees, the cache is NaN. */
    private record Heads(int heads, int headWidth, int context, float[] q, float[] keys, float[] values) {

        static Heads random(Step step, int heads, int headWidth, int context) {
            var random = new SplittableRandom(headWidth + 100L * step.rows());
            int width = heads * headWidth;
            int slots = Arrays.stream(step.slots).max().orElseThrow() + 1;
            float[] q = KernelFixture.values(step.rows() * width, random);
            float[] keys = KernelFixture.values(slots * context * width, random);
            float[] values = KernelFixture.values(slots * context * width, random);
            var seen = new int[slots];
            for (int r = 0; r < step.rows(); r++) {
                seen[step.slots[r]] = Math.max(seen[step.slots[r]], step.positions[r] + 1);
                q[r * width] *= 8; // some attention is sharp
            }
            for (int slot = 0; slot < slots; slot++) {
                int from = (slot * context + seen[slot]) * width;
                Arrays.fill(keys, from, (slot + 1) * context * width, Float.NaN);
                Arrays.fill(values, from, (slot + 1) * context * width, Float.NaN);
            }
            return new Heads(heads, headWidth, context, q, keys, values);
        }

        float scale() {
            return (float) (1 / Math.sqrt(headWidth));
        }

        Heads rounded(DType type) {
            return new Heads(
                    heads,
                    headWidth,
                    context,
                    KernelFixture.rounded(q, type),
                    KernelFixture.rounded(keys, type),
                    KernelFixture.rounded(values, type));
        }

        /** The same, but for one number everywhere in the keys or values of a position of a slot. */
        Heads with(float number, boolean inKeys, int slot, int position) {
            float[] changed = (inKeys ? keys : values).clone();
            int width = heads * headWidth;
            int from = (slot * context + position) * width;
            Arrays.fill(changed, from, from + width, number);
            return new Heads(heads, headWidth, context, q, inKeys ? changed : keys, inKeys ? values : changed);
        }

        Heads withQueriesFrom(int row) {
            return new Heads(
                    heads, headWidth, context, Arrays.copyOfRange(q, row * heads * headWidth, q.length), keys, values);
        }
    }

    private float[] run(DType type, Step step, Heads h) {
        int slots = h.keys.length / (h.context * h.heads * h.headWidth);
        float[] z = run(type, step, h, CachePages.whole(slots, h.context));
        for (int shift : new int[] {5, 6}) {
            var pages = CachePages.shuffled(slots, h.context, shift, new SplittableRandom(h.headWidth));
            KernelFixture.requireSame("pages of " + (1 << shift), z, run(type, step, h, pages));
        }
        return z;
    }

    private float[] run(DType type, Step step, Heads h, CachePages pages) {
        int count = h.q.length;
        long z = gpu.output(count);
        gpu.run(
                Kernel.of("ATTENTION_PREFILL", type),
                new int[] {Math.ceilDiv(step.rows(), 64), h.heads},
                128,
                z,
                gpu.floats(h.q),
                gpu.floats(pages.laid(h.keys, h.heads * h.headWidth)),
                gpu.floats(pages.laid(h.values, h.heads * h.headWidth)),
                gpu.ints(step.slots),
                gpu.ints(step.positions),
                gpu.ints(pages.table()),
                step.rows(),
                h.heads,
                h.headWidth,
                h.context,
                pages.shift(),
                h.scale());
        return gpu.read(z, count);
    }

    /** Float64 attention to the numbers that the type has; an error may be a share of the weighted magnitudes of the values. */
    private void check(DType type, Step step, Heads given) {
        float[] got = run(type, step, given);
        Heads h = given.rounded(type);
        double share = type == DType.FLOAT32 ? 1e-5 : type == DType.BFLOAT16 ? 0x1p-8 + 1e-5 : 0x1p-11 + 1e-5;
        int width = h.heads * h.headWidth;
        for (int row = 0; row < step.rows(); row++) {
            for (int head = 0; head < h.heads; head++) {
                int keys = step.positions[row] + 1;
                int cache = step.slots[row] * h.context * width + head * h.headWidth;
                double[] weights = weights(h, row * width + head * h.headWidth, cache, keys);
                for (int i = 0; i < h.headWidth; i++) {
                    double sum = 0;
                    double magnitude = 0;
                    for (int key = 0; key < keys; key++) {
                        double value = weights[key] * h.values[cache + key * width + i];
                        sum += value;
                        magnitude += Math.abs(value);
                    }
                    float z = got[row * width + head * h.headWidth + i];
                    if (!(Math.abs(z - sum) <= share * magnitude)) {
                        fail(
                                "%s, %d rows, width %d: row %d, head %d, column %d: expected %.9g, got %.9g, %.2f of the bound"
                                        .formatted(
                                                type,
                                                step.rows(),
                                                h.headWidth,
                                                row,
                                                head,
                                                i,
                                                sum,
                                                z,
                                                Math.abs(z - sum) / (share * magnitude)));
                    }
                }
            }
        }
    }

    private static double[] weights(Heads h, int query, int cache, int keys) {
        var weights = new double[keys];
        int width = h.heads * h.headWidth;
        for (int key = 0; key < keys; key++) {
            for (int i = 0; i < h.headWidth; i++) {
                weights[key] += (double) h.q[query + i] * h.keys[cache + key * width + i];
            }
            weights[key] *= h.scale();
        }
        double largest = Arrays.stream(weights).max().orElseThrow();
        double total = 0;
        for (int key = 0; key < keys; key++) {
            weights[key] = Math.exp(weights[key] - largest);
            total += weights[key];
        }
        for (int key = 0; key < keys; key++) {
            weights[key] /= total;
        }
        return weights;
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void aPromptIsAttendedToCausally(DType type) {
        Step prompt = Step.of(0, 0, 70);
        check(type, prompt, Heads.random(prompt, 2, 64, 70));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void headsMayHaveAnyWidth(DType type) {
        Step step = Step.of(0, 3, 18);
        for (int headWidth : new int[] {1, 5, 20, 65, 80, 128}) {
            check(type, step, Heads.random(step, 2, headWidth, 24));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void rowsOfATileMayBelongToManySlots(DType type) {
        Step step = Step.of(2, 30, 20, 0, 0, 40, 3, 90, 1, 1, 75, 1, 4, 0, 1, 5, 5, 12);
        check(type, step, Heads.random(step, 1, 16, 100));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void aStepMayBeOneRow(DType type) {
        Step step = Step.of(1, 0, 1);
        check(type, step, Heads.random(step, 3, 32, 4));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void theBitsOfARowAreTheSameAmongAnyOthers(DType type) {
        Step step = Step.of(0, 10, 30, 1, 0, 20);
        Heads h = Heads.random(step, 1, 24, 64);
        float[] all = run(type, step, h);
        float[] last = run(type, step.from(17), h.withQueriesFrom(17));
        LinearCase.requireSameBits("the rows from 17 on", Arrays.copyOfRange(all, 17 * 24, all.length), last);
    }

    /** 1e30 is finite, but not once it is rounded to float16. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void whatIsNotFiniteReachesTheRowsThatSeeItAndNoOthers(DType type) {
        Step step = Step.of(0, 3, 30, 1, 40, 30);
        for (int headWidth : new int[] {20, 80}) {
            Heads h = Heads.random(step, 1, headWidth, 71);
            float[] clean = run(type, step, h);
            for (float number : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e30f}) {
                for (int slot = 0; slot < 2; slot++) {
                    int position = slot == 0 ? 12 : 52;
                    float[] got = run(type, step, h.with(number, false, slot, position));
                    requireConfined(step, slot, position, number, clean, got);
                }
            }
            requireConfined(step, 0, 12, Float.NaN, clean, run(type, step, h.with(Float.NaN, true, 0, 12)));
        }
    }

    private static void requireConfined(Step step, int slot, int position, float number, float[] clean, float[] got) {
        int width = got.length / step.rows();
        for (int i = 0; i < got.length; i++) {
            int row = i / width;
            boolean sees = step.slots[row] == slot && step.positions[row] >= position;
            boolean same = Float.floatToRawIntBits(clean[i]) == Float.floatToRawIntBits(got[i]);
            boolean right = !sees ? same : Float.isFinite(number) ? !same : Float.compare(number, got[i]) == 0;
            if (!right) {
                fail("%g at %d of slot %d: row %d, which %s it, has %g and without it %g"
                        .formatted(number, position, slot, row, sees ? "sees" : "does not see", got[i], clean[i]));
            }
        }
    }
}
