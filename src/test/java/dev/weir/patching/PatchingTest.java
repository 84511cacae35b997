package dev.weir.patching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.RandomModel;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.hook.Site;
import dev.weir.model.ModelConfig;
import dev.weir.patching.PatchedGpt2.Patch;
import dev.weir.patching.PatchingGrid.By;
import dev.weir.patching.PathPatching.Between;
import dev.weir.patching.Receiver.Reading;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Sweeps on the CPU against float64; {@link PatchingOnCudaTest} runs the same on a GPU. */
class PatchingTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(23, 16, 12, 3, 3, 20, Activation.RELU, 1e-5f, true, false);
    private static final RandomModel MODEL = new RandomModel(CONFIG, DType.FLOAT32, 5);
    private static final int[] CLEAN = {3, 14, 15, 9, 2, 6};
    private static final int[] CORRUPTED = {3, 1, 15, 9, 22, 6};
    private static final PromptPair PAIR = new PromptPair(list(CLEAN), list(CORRUPTED));
    private static final int LENGTH = CLEAN.length;
    private static final Metric DIFFERENCE = new Metric.LogitDifference(7, 11);

    private Weir weir;

    Options machine() {
        return Options.DEFAULT.withDevice("cpu").withThreads(2);
    }

    @BeforeEach
    void open() {
        weir = Weir.of(new RandomSource(MODEL), machine());
    }

    @AfterEach
    void close() {
        weir.close();
    }

    private static List<Integer> list(int... values) {
        return Arrays.stream(values).boxed().toList();
    }

    /** The metric in float64, from its definition. */
    private static double metric(Metric metric, double[] logits, double[] clean) {
        return switch (metric) {
            case Metric.LogitDifference m -> logits[m.answer()] - logits[m.other()];
            case Metric.Probability m -> softmax(logits)[m.token()];
            case Metric.KlDivergence m -> {
                double[] p = softmax(clean);
                double[] q = softmax(logits);
                yield IntStream.range(0, p.length)
                        .mapToDouble(i -> p[i] * Math.log(p[i] / q[i]))
                        .sum();
            }
        };
    }

    private static double[] softmax(double[] logits) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(v -> Math.exp(v) / sum).toArray();
    }

    private static double[][] value(Map<String, double[][]> seen, String name) {
        return Objects.requireNonNull(seen.get(name), name);
    }

    private static double[] last(Map<String, double[][]> seen) {
        return value(seen, "logits")[LENGTH - 1];
    }

    private static double[] lastOfClean() {
        return last(PatchedGpt2.run(MODEL, CLEAN, Patch.NONE));
    }

    /** Some columns of some rows of a value. */
    private static void put(double[][] from, double[][] to, int row, int fromColumn, int toColumn) {
        System.arraycopy(from[row], fromColumn, to[row], fromColumn, toColumn - fromColumn);
    }

    private static void assertClose(double expected, double got, String what) {
        assertEquals(expected, got, 2e-5 * Math.max(1, Math.abs(expected)), what);
    }

    static Stream<Metric> metrics() {
        return Stream.of(DIFFERENCE, new Metric.Probability(7), new Metric.KlDivergence());
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void everyLayerAtEveryPositionIsThatOfFloat64(Metric metric) {
        Map<String, double[][]> clean = PatchedGpt2.run(MODEL, CLEAN, Patch.NONE);
        for (Site site : List.of(Site.RESID_PRE, Site.ATTN_OUT, Site.MLP_OUT, Site.Z)) {
            PatchingMap map = new ActivationPatching(weir, PAIR, metric)
                    .sweep(new PatchingGrid(site, By.POSITION), PatchingListener.NONE);
            assertEquals(CONFIG.layers(), map.values().size());
            assertClose(metric(metric, last(clean), last(clean)), map.clean(), "clean");
            assertClose(
                    metric(metric, last(PatchedGpt2.run(MODEL, CORRUPTED, Patch.NONE)), last(clean)),
                    map.corrupted(),
                    "corrupted");
            for (int layer = 0; layer < CONFIG.layers(); layer++) {
                for (int position = 0; position < LENGTH; position++) {
                    String point = "blocks." + layer + "." + site.suffix();
                    int row = position;
                    var patched = PatchedGpt2.run(MODEL, CORRUPTED, (name, value) -> {
                        if (name.equals(point)) {
                            put(value(clean, point), value, row, 0, CONFIG.width());
                        }
                    });
                    assertClose(
                            metric(metric, last(patched), last(clean)),
                            map.value(layer, position),
                            point + " at " + position);
                }
            }
        }
    }

    @Test
    void everyHeadIsThatOfFloat64() {
        Map<String, double[][]> clean = PatchedGpt2.run(MODEL, CLEAN, Patch.NONE);
        var patching = new ActivationPatching(weir, PAIR, DIFFERENCE);
        int width = CONFIG.headWidth();
        for (Site site : List.of(Site.Z, Site.Q, Site.K, Site.V)) {
            PatchingMap heads = patching.sweep(new PatchingGrid(site, By.HEAD), PatchingListener.NONE);
            PatchingMap cells = patching.sweep(new PatchingGrid(site, By.HEAD_AND_POSITION), PatchingListener.NONE);
            assertEquals("1.2", cells.rows().labels().get(CONFIG.heads() + 2));
            for (int layer = 0; layer < CONFIG.layers(); layer++) {
                for (int head = 0; head < CONFIG.heads(); head++) {
                    int from = head * width;
                    String point = "blocks." + layer + "." + site.suffix();
                    for (int position = -1; position < LENGTH; position++) {
                        int only = position;
                        double expected = metric(
                                DIFFERENCE,
                                last(PatchedGpt2.run(MODEL, CORRUPTED, (name, value) -> {
                                    for (int p = 0; name.equals(point) && p < LENGTH; p++) {
                                        if (only < 0 || only == p) {
                                            put(value(clean, point), value, p, from, from + width);
                                        }
                                    }
                                })),
                                last(clean));
                        double got = position < 0
                                ? heads.value(layer, head)
                                : cells.value(layer * CONFIG.heads() + head, position);
                        assertClose(expected, got, point + " head " + head + " at " + position);
                    }
                }
            }
        }
    }

    /** The metric after path patching, by the definition: two passes of float64. */
    private static double path(Sender sender, List<Receiver> receivers, Between between) {
        Map<String, double[][]> clean = PatchedGpt2.run(MODEL, CLEAN, Patch.NONE);
        Map<String, double[][]> base = PatchedGpt2.run(MODEL, CORRUPTED, Patch.NONE);
        int width = CONFIG.headWidth();
        Map<String, double[][]> first = PatchedGpt2.run(MODEL, CORRUPTED, (name, value) -> {
            boolean isHead = name.endsWith("hook_z");
            boolean isMlp = name.endsWith("hook_mlp_out");
            for (int p = 0; (isHead || isMlp) && p < LENGTH; p++) {
                if (isHead || between == Between.THE_STREAM) {
                    put(value(base, name), value, p, 0, CONFIG.width());
                }
                switch (sender) {
                    case Sender.Head h -> {
                        if (name.equals("blocks." + h.layer() + ".attn.hook_z")) {
                            put(value(clean, name), value, p, h.head() * width, (h.head() + 1) * width);
                        }
                    }
                    case Sender.Mlp m -> {
                        if (name.equals("blocks." + m.layer() + ".hook_mlp_out")) {
                            put(value(clean, name), value, p, 0, CONFIG.width());
                        }
                    }
                }
            }
        });
        if (receivers.contains(new Receiver.Logits())) {
            return metric(DIFFERENCE, last(first), last(clean));
        }
        return metric(
                DIFFERENCE,
                last(PatchedGpt2.run(MODEL, CORRUPTED, (name, value) -> {
                    for (Receiver receiver : receivers) {
                        switch (receiver) {
                            case Receiver.Head h -> {
                                String letter =
                                        switch (h.reading()) {
                                            case QUERY -> "q";
                                            case KEY -> "k";
                                            case VALUE -> "v";
                                        };
                                String point = "blocks." + h.layer() + ".attn.hook_" + letter;
                                for (int p = 0; name.equals(point) && p < LENGTH; p++) {
                                    put(value(first, name), value, p, h.head() * width, (h.head() + 1) * width);
                                }
                            }
                            case Receiver.Mlp m -> {
                                String point = "blocks." + m.layer() + ".hook_mlp_in";
                                for (int p = 0; name.equals(point) && p < LENGTH; p++) {
                                    put(value(first, name), value, p, 0, CONFIG.width());
                                }
                            }
                            case Receiver.Logits l -> throw new IllegalArgumentException("logits with others");
                        }
                    }
                })),
                last(clean));
    }

    static Stream<List<Receiver>> ends() {
        return Stream.of(
                List.of(new Receiver.Logits()),
                List.of(new Receiver.Head(2, 1, Reading.QUERY)),
                List.of(new Receiver.Head(1, 0, Reading.KEY)),
                List.of(new Receiver.Head(2, 0, Reading.VALUE), new Receiver.Head(2, 2, Reading.VALUE)),
                List.of(new Receiver.Mlp(1)),
                List.of(
                        new Receiver.Mlp(2),
                        new Receiver.Head(1, 1, Reading.QUERY),
                        new Receiver.Head(1, 1, Reading.KEY)));
    }

    @ParameterizedTest
    @MethodSource("ends")
    void everyPathIsThatOfFloat64(List<Receiver> receivers) {
        for (Between between : Between.values()) {
            PatchingMap map = new PathPatching(weir, PAIR, DIFFERENCE, between).sweep(receivers, PatchingListener.NONE);
            for (int layer = 0; layer < CONFIG.layers(); layer++) {
                for (int head = 0; head <= CONFIG.heads(); head++) {
                    Sender sender = head < CONFIG.heads() ? new Sender.Head(layer, head) : new Sender.Mlp(layer);
                    assertClose(path(sender, receivers, between), map.value(layer, head), between + " from " + sender);
                }
            }
        }
    }

    @Test
    void aSenderThatIsNotBeforeItsReceiverChangesNoBit() {
        var patching = new PathPatching(weir, PAIR, DIFFERENCE, Between.THE_STREAM);
        List<Receiver> early = List.of(new Receiver.Head(1, 1, Reading.VALUE));
        PatchingMap map = patching.sweep(early, PatchingListener.NONE);
        for (int layer = 0; layer < CONFIG.layers(); layer++) {
            for (int column = 0; column <= CONFIG.heads(); column++) {
                if (layer == 0) {
                    assertNotEquals(map.corrupted(), map.value(layer, column));
                } else {
                    assertEquals(map.corrupted(), map.value(layer, column));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(By.class)
    void plansDoNotGrowWithTheCells(By by) {
        var longer = new PromptPair(
                list(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), list(1, 2, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12));
        for (PromptPair pair : List.of(PAIR, longer)) {
            var told = new ArrayList<Integer>();
            var grid = new PatchingGrid(Site.Z, by);
            PatchingMap map = new ActivationPatching(weir, pair, DIFFERENCE).sweep(grid, (done, all) -> {
                assertEquals(grid.cells(CONFIG, pair.length()), all);
                told.add(done);
            });
            assertEquals(1, map.plans());
            assertEquals(
                    IntStream.rangeClosed(1, grid.cells(CONFIG, pair.length()))
                            .boxed()
                            .toList(),
                    told);
        }
        var paths = new PathPatching(weir, longer, DIFFERENCE, Between.THE_STREAM_AND_MLPS);
        assertEquals(
                1,
                paths.sweep(List.of(new Receiver.Logits()), PatchingListener.NONE)
                        .plans());
        assertEquals(
                2,
                paths.sweep(List.of(new Receiver.Mlp(2)), PatchingListener.NONE).plans());
    }

    @Test
    void allOfTheStreamBringsAllBack() {
        PatchingMap map = new ActivationPatching(weir, PAIR, DIFFERENCE)
                .sweep(new PatchingGrid(Site.RESID_POST, By.POSITION), PatchingListener.NONE);
        int lastLayer = CONFIG.layers() - 1;
        assertEquals(1, map.restored(lastLayer, LENGTH - 1));
        assertEquals(0, map.restored(lastLayer, 0));
        assertEquals(0, map.restored(0, 0), "tokens before the first difference are the same");
        PatchingMap.Cell best = map.strongest();
        for (int layer = 0; layer <= lastLayer; layer++) {
            for (int position = 0; position < LENGTH; position++) {
                assertTrue(map.restored(best.row(), best.column()) >= map.restored(layer, position));
            }
        }
        assertEquals(list(1, 4), PAIR.differences());
        assertEquals(lastOfClean()[7] - lastOfClean()[11], map.clean(), 1e-5);
    }

    @Test
    void whatDoesNotFitIsRefusedInOneLine() {
        assertRefused(
                "prompts: expected as many tokens in the corrupted one as in the clean one, 2, got 1",
                () -> new PromptPair(list(1, 2), list(1)));
        assertRefused(
                "prompts: expected two that differ, got the same tokens twice",
                () -> new PromptPair(list(1, 2), list(1, 2)));
        assertRefused(
                "metric: expected a token id below the vocabulary size 23, got 23",
                () -> new ActivationPatching(weir, PAIR, new Metric.Probability(23)));
        assertRefused(
                "token id 23: expected one below the vocabulary size 23",
                () -> new ActivationPatching(weir, new PromptPair(list(1, 2), list(1, 23)), DIFFERENCE));
        assertRefused(
                "prompt: expected at most the 16 positions of the model's context, got 17 tokens",
                () -> new ActivationPatching(
                        weir,
                        new PromptPair(
                                list(new int[17]), list(IntStream.range(0, 17).toArray())),
                        DIFFERENCE));
        assertRefused(
                "patching at attn.hook_pattern: expected a site of the blocks with a row for each token, such as"
                        + " hook_resid_pre or attn.hook_z",
                () -> new PatchingGrid(Site.PATTERN, By.POSITION));
        assertRefused(
                "patching at hook_mlp_out by head: expected a site that has heads, such as attn.hook_z",
                () -> new PatchingGrid(Site.MLP_OUT, By.HEAD));
        var paths = new PathPatching(weir, PAIR, DIFFERENCE, Between.THE_STREAM);
        assertRefused(
                "path: expected a layer below 3 and a head below 3, got layer 1, head 3",
                () -> paths.patch(new Sender.Head(1, 3), List.of(new Receiver.Logits())));
        assertRefused(
                "receivers: expected the logits alone, or heads and MLPs, got []",
                () -> paths.patch(new Sender.Mlp(1), List.of()));
    }

    private static void assertRefused(String message, Runnable action) {
        var e = assertThrows(IllegalArgumentException.class, action::run);
        assertEquals(message, e.getMessage());
        assertTrue(message.lines().count() == 1);
    }
}
