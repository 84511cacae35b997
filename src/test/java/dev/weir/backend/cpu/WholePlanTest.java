package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.RandomModel;
import dev.weir.backend.RandomModel.Seen;
import dev.weir.backend.cpu.vector.VectorKernels;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The promise: a value has the same bits however the rows of a pass are cut into steps, batches, threads and plans. */
class WholePlanTest {

    private static final int MAX_ROWS = 40;

    /** A model of random shape, a random text for it, and what one thread makes of it in one step. */
    private static final class Case {
        final Random random;
        final RandomModel model;
        final int[] tokens;
        final Hooks everything;

        Case(long seed) {
            random = new Random(seed);
            int heads = 1 + random.nextInt(4);
            var config = new ModelConfig(
                    20 + random.nextInt(80),
                    MAX_ROWS,
                    heads * (1 + random.nextInt(20)),
                    1 + random.nextInt(3),
                    heads,
                    1 + random.nextInt(90),
                    Activation.values()[random.nextInt(3)],
                    1e-5f,
                    random.nextBoolean(),
                    random.nextBoolean());
            DType type = new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16, DType.INT8}[random.nextInt(4)];
            model = new RandomModel(config, type, seed);
            tokens = random.ints(1 + random.nextInt(MAX_ROWS), 0, config.vocabulary())
                    .toArray();
            everything = Hooks.tap(HookPoint.all(config.layers()));
        }

        Rows rows(int from, int to) {
            return RandomModel.rows(tokens, from, to);
        }

        Seen inOneStep(CpuBackend backend, Hooks hooks, boolean fused) {
            try (var run = model.new Run(backend, 1)) {
                return run.step(rows(0, tokens.length), hooks, fused);
            }
        }
    }

    private static void assertSame(Seen expected, Seen got) {
        assertEquals(expected.values().keySet(), got.values().keySet());
        expected.values().forEach((name, values) -> assertArrayEquals(values, got.at(name), name));
    }

    /** Rows of a step are rows of the whole; of a square value, the keys that the step knew. */
    private static void assertRows(Seen whole, int wholeRows, int from, Seen part, int partRows, int heads) {
        part.values().forEach((name, values) -> {
            int columns = values.length / partRows;
            int wholeColumns = whole.at(name).length / wholeRows;
            boolean square = name.endsWith("attn_scores") || name.endsWith("pattern");
            int pieces = square ? heads : 1;
            for (int i = 0; i < partRows * pieces; i++) {
                int known = columns / pieces;
                int at = (from * pieces + i) * (wholeColumns / pieces);
                assertArrayEquals(
                        Arrays.copyOfRange(whole.at(name), at, at + known),
                        Arrays.copyOfRange(values, i * known, (i + 1) * known),
                        name);
            }
        });
    }

    @Property(tries = 40)
    void anyCutIntoStepsGivesTheBitsOfOneStep(@ForAll long seed) {
        var c = new Case(seed);
        try (var backend = new CpuBackend(1);
                var run = c.model.new Run(backend, 1)) {
            Seen whole = c.inOneStep(backend, c.everything, true);
            int from = 0;
            while (from < c.tokens.length) {
                int to = c.random.nextBoolean()
                        ? from + 1
                        : Math.min(c.tokens.length, from + 1 + c.random.nextInt(c.tokens.length));
                Seen part = run.step(c.rows(from, to), c.everything, true);
                assertRows(whole, c.tokens.length, from, part, to - from, c.model.config.heads());
                from = to;
            }
        }
    }

    @Property(tries = 25)
    void kernelsThreadsAndFusionChangeNoBit(@ForAll long seed) {
        var c = new Case(seed);
        Seen expected;
        try (var backend = new CpuBackend(1, ScalarKernels::new)) {
            expected = c.inOneStep(backend, c.everything, false);
        }
        for (int threads : new int[] {1, 2, 3, 5}) {
            try (var backend = new CpuBackend(threads, VectorKernels::new)) {
                assertSame(expected, c.inOneStep(backend, c.everything, true));
            }
        }
    }

    @Property(tries = 25)
    void tapsChangeNoBit(@ForAll long seed) {
        var c = new Case(seed);
        try (var backend = new CpuBackend(2)) {
            Seen everything = c.inOneStep(backend, c.everything, true);
            var points = new ArrayList<>(HookPoint.all(c.model.config.layers()));
            Collections.shuffle(points, c.random);
            Hooks some = Hooks.tap(points.subList(0, c.random.nextInt(points.size())));
            c.inOneStep(backend, some, true).values().forEach((name, values) -> {
                if (!name.endsWith("attn_scores") && !name.endsWith("pattern")) {
                    assertArrayEquals(everything.at(name), values, name);
                }
            });
        }
    }

    @Property(tries = 25)
    void aSlotBesideOthersHasTheBitsOfTheSlotAlone(@ForAll long seed) {
        var c = new Case(seed);
        int length = c.tokens.length;
        int others = 1 + c.random.nextInt(3);
        var slots = new int[length * (others + 1)];
        var positions = new int[slots.length];
        var tokens = new int[slots.length];
        var outputs = new int[slots.length];
        int ours = c.random.nextInt(others + 1);
        for (int i = 0; i < slots.length; i++) {
            slots[i] = i / length;
            positions[i] = i % length;
            tokens[i] = slots[i] == ours ? c.tokens[i % length] : c.random.nextInt(c.model.config.vocabulary());
            outputs[i] = i;
        }
        try (var backend = new CpuBackend(2);
                var run = c.model.new Run(backend, others + 1)) {
            Seen alone = c.inOneStep(backend, c.everything, true);
            Seen beside = run.step(new Rows(slots, positions, tokens, outputs), c.everything, true);
            beside.values().forEach((name, values) -> {
                int columns = values.length / slots.length;
                float[] mine = Arrays.copyOfRange(values, ours * length * columns, (ours + 1) * length * columns);
                assertArrayEquals(alone.at(name), mine, name);
            });
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT32", "BFLOAT16", "FLOAT16", "INT8"})
    void aModelWiderThanAnyBlockKeepsThePromise(DType type) {
        var config = new ModelConfig(300, 256, 96, 1, 3, 800, Activation.GELU_NEW, 1e-5f, true, false);
        var model = new RandomModel(config, type, 1);
        int[] tokens = new Random(2).ints(230, 0, 300).toArray();
        try (var one = new CpuBackend(1);
                var three = new CpuBackend(3);
                var whole = model.new Run(three, 1);
                var cut = model.new Run(one, 1)) {
            float[] expected = whole.step(RandomModel.rows(tokens, 0, 230), Hooks.NONE, true)
                    .logits();
            int from = 0;
            for (int to : new int[] {1, 3, 7, 100, 229, 230}) {
                float[] part = cut.step(RandomModel.rows(tokens, from, to), Hooks.NONE, true)
                        .logits();
                assertArrayEquals(Arrays.copyOfRange(expected, from * 300, to * 300), part);
                from = to;
            }
        }
    }

    @Test
    void valuesAreNumbers() {
        var c = new Case(7);
        try (var backend = new CpuBackend(1)) {
            c.inOneStep(backend, c.everything, true).values().forEach((name, values) -> {
                for (float value : values) {
                    assertFalse(Float.isNaN(value), name);
                    assertTrue(Float.isFinite(value) || name.endsWith("attn_scores"), name);
                }
            });
        }
    }
}
