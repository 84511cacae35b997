package dev.weir.lens;

import static dev.weir.lens.Subject.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.Trace;
import dev.weir.lens.Attribution.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Every decomposition against plain loops over the values of a float64 pass. */
class DecompositionTest {

    private static Decomposition of(Subject subject) {
        return new Decomposition(subject.weir, subject.trace(Decomposition.SELECTORS), 0);
    }

    @Property(tries = 10)
    void whatLayersAddIsTheStream(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            Decomposition decomposition = of(subject);
            for (int layer = 0; layer <= subject.config.layers(); layer++) {
                ResidualStack stack = decomposition.decomposeResid(layer, false);
                assertEquals(layerLabels(layer), stack.labels());
                for (int component = 0; component < stack.components(); component++) {
                    String label = stack.labels().get(component);
                    for (int position = 0; position < subject.tokens.length; position++) {
                        assertClose(subject.at(pointOf(label), position), stack.at(component, position), label);
                    }
                }
                assertClose(stream(subject, layer), stack.sum(), "all together");
            }
        }
    }

    private static List<String> layerLabels(int layer) {
        var labels = new ArrayList<>(List.of("embed", "pos_embed"));
        for (int l = 0; l < layer; l++) {
            labels.add(l + "_attn_out");
            labels.add(l + "_mlp_out");
        }
        return labels;
    }

    private static String pointOf(String label) {
        int underscore = label.indexOf('_');
        return Character.isDigit(label.charAt(0))
                ? "blocks." + label.substring(0, underscore) + ".hook" + label.substring(underscore)
                : "hook_" + label;
    }

    private static double[] stream(Subject subject, int layer) {
        return subject.at(
                layer < subject.config.layers()
                        ? "blocks." + layer + ".hook_resid_pre"
                        : "blocks." + (layer - 1) + ".hook_resid_post");
    }

    @Property(tries = 10)
    void theStreamAccumulates(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            int layers = subject.config.layers();
            ResidualStack stack = of(subject).accumulatedResid(layers, true, false);
            assertEquals(2 * layers + 1, stack.components());
            for (int l = 0; l < layers; l++) {
                assertEquals(l + "_pre", stack.labels().get(2 * l));
                assertEquals(l + "_mid", stack.labels().get(2 * l + 1));
            }
            assertEquals("final_post", stack.labels().getLast());
            for (int position = 0; position < subject.tokens.length; position++) {
                assertClose(
                        subject.at("blocks.0.hook_resid_mid", position),
                        stack.at(stack.component("0_mid"), position),
                        "0_mid");
                assertClose(
                        subject.at("blocks." + (layers - 1) + ".hook_resid_post", position),
                        stack.at(2 * layers, position),
                        "final_post");
            }
            assertEquals(
                    List.of("0_pre"),
                    of(subject).accumulatedResid(0, true, false).labels());
        }
    }

    @Property(tries = 10)
    void throughTheFinalNormEachStationHasAScaleOfItsOwn(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            int layers = subject.config.layers();
            ResidualStack normed = of(subject).accumulatedResid(layers, false, true);
            double[] weight = subject.bias("ln_final.w");
            double[] bias = subject.bias("ln_final.b");
            for (int position = 0; position < subject.tokens.length; position++) {
                double[] expected = subject.at("blocks.0.hook_resid_pre", position);
                double mean = Arrays.stream(expected).average().orElseThrow();
                double variance = Arrays.stream(expected)
                        .map(x -> (x - mean) * (x - mean))
                        .average()
                        .orElseThrow();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] =
                            (expected[i] - mean) / Math.sqrt(variance + subject.config.epsilon()) * weight[i] + bias[i];
                }
                assertClose(expected, normed.at(0, position), "0_pre");
                assertClose(subject.at("unembed.hook_in", position), normed.at(layers, position), "final_post");
            }
        }
    }

    @Property(tries = 10)
    void headsAddUpToAttentionWithoutItsBias(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            int layers = subject.config.layers();
            ResidualStack fromZ = of(subject).stackHeadResults(layers, true, false);
            ResidualStack fromResult =
                    new Decomposition(subject.weir, subject.trace(), 0).stackHeadResults(layers, true, false);
            assertEquals(layers * subject.config.heads() + 1, fromZ.components());
            assertEquals("L0H0", fromZ.labels().getFirst());
            assertEquals("remainder", fromZ.labels().getLast());
            for (ResidualStack stack : List.of(fromZ, fromResult)) {
                for (int position = 0; position < subject.tokens.length; position++) {
                    for (int l = 0; l < layers; l++) {
                        double[] results = subject.at("blocks." + l + ".attn.hook_result", position);
                        assertClose(results, concatenated(stack, l, position, subject), "heads of layer " + l);
                    }
                }
                assertClose(stream(subject, layers), stack.sum(), "with the remainder");
            }
        }
    }

    private static double[] concatenated(ResidualStack stack, int layer, int position, Subject subject) {
        var all = new double[subject.config.heads() * subject.config.width()];
        for (int head = 0; head < subject.config.heads(); head++) {
            double[] one = stack.at(stack.component("L" + layer + "H" + head), position);
            System.arraycopy(one, 0, all, head * one.length, one.length);
        }
        return all;
    }

    @Property(tries = 10)
    void neuronsAddUpToTheMlpWithoutItsBias(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            int layer = subject.config.layers() - 1;
            ResidualStack neurons = of(subject).neuronResults(layer);
            assertEquals(subject.config.hidden(), neurons.components());
            assertEquals("L" + layer + "N0", neurons.labels().getFirst());
            for (int position = 0; position < subject.tokens.length; position++) {
                double[] post = subject.at("blocks." + layer + ".mlp.hook_post", position);
                double[] sum = subject.bias("blocks." + layer + ".mlp.b_out");
                for (int neuron = 0; neuron < post.length; neuron++) {
                    double[] expected = subject.weight("blocks." + layer + ".mlp.W_out", neuron);
                    for (int i = 0; i < expected.length; i++) {
                        expected[i] *= post[neuron];
                        sum[i] += expected[i];
                    }
                    assertClose(
                            expected,
                            neurons.at(neuron, position),
                            neurons.labels().get(neuron));
                }
                assertClose(subject.at("blocks." + layer + ".hook_mlp_out", position), sum, "the oracle with itself");
            }
        }
    }

    @Property(tries = 10)
    void aNormedStackAddsUpToTheNormedStream(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            Decomposition decomposition = of(subject);
            int layers = subject.config.layers();
            for (int layer = 0; layer < layers; layer++) {
                assertClose(
                        subject.at("blocks." + layer + ".ln1.hook_normalized"),
                        decomposition.decomposeResid(layer, true).sum(),
                        "ln1 of layer " + layer);
                ResidualStack branches =
                        decomposition.decomposeResid(layer + 1, false).without(layer + "_mlp_out");
                assertClose(
                        subject.at("blocks." + layer + ".ln2.hook_normalized"),
                        decomposition.applyLnToStack(branches, layer, true).sum(),
                        "ln2 of layer " + layer);
            }
            assertClose(
                    subject.at("ln_final.hook_normalized"),
                    decomposition.fullResidDecomposition(layers, true).sum(),
                    "ln_final");
        }
    }

    @Property(tries = 12)
    void attributionsAreWhatPlainLoopsSayAndAddUpToTheLogits(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            Decomposition decomposition = of(subject);
            int token = Math.floorMod(seed, subject.config.vocabulary());
            int other = (token + 7) % subject.config.vocabulary();
            int layers = subject.config.layers();
            for (ResidualStack stack : List.of(
                    decomposition.decomposeResid(layers, false),
                    decomposition.fullResidDecomposition(layers, false),
                    decomposition.decomposeNeurons(layers - 1))) {
                for (int position = 0; position < subject.tokens.length; position++) {
                    double[] logits = subject.at("unembed.hook_out", position);
                    requireParts(
                            subject,
                            stack,
                            position,
                            logits[token],
                            one(subject, token),
                            decomposition.attribution(stack, position, LogitDirection.of(subject.weir, token)));
                    requireParts(
                            subject,
                            stack,
                            position,
                            logits[token] - logits[other],
                            minus(one(subject, token), one(subject, other)),
                            decomposition.attribution(stack, position, LogitDirection.of(subject.weir, token, other)));
                }
            }
        }
    }

    private static double[] one(Subject subject, int token) {
        var column = new double[subject.config.width()];
        Arrays.setAll(column, i -> subject.weight("unembed.W_U", i)[token]);
        return column;
    }

    private static double[] minus(double[] a, double[] b) {
        var difference = new double[a.length];
        Arrays.setAll(difference, i -> a[i] - b[i]);
        return difference;
    }

    private static void requireParts(
            Subject subject, ResidualStack stack, int position, double logit, double[] column, Attribution got) {
        double scale = subject.at("ln_final.hook_scale", position)[0];
        double[] weight = subject.bias("ln_final.w");
        double[] bias = subject.bias("ln_final.b");
        var expected = new double[stack.components() + 1];
        for (int component = 0; component < stack.components(); component++) {
            double[] vector = stack.at(component, position);
            double mean = Arrays.stream(vector).average().orElseThrow();
            for (int i = 0; i < vector.length; i++) {
                expected[component] += (vector[i] - mean) / scale * weight[i] * column[i];
            }
        }
        for (int i = 0; i < column.length; i++) {
            expected[stack.components()] += bias[i] * column[i];
        }
        assertClose(expected, got.parts().stream().mapToDouble(Part::logit).toArray(), "parts");
        double largest = Math.max(
                Math.abs(logit), Arrays.stream(expected).map(Math::abs).max().orElseThrow());
        assertTrue(Math.abs(got.logit() - logit) <= Subject.bound(largest), "the logit");
        assertTrue(Math.abs(got.remainder()) <= Subject.bound(largest), "remainder " + got.remainder());
        assertEquals(Attribution.BIAS, got.parts().getLast().label());
    }

    @Test
    void aTraceOfSomePositionsIsTakenApartAtThese() {
        try (var subject = new Subject(11)) {
            int last = subject.tokens.length - 1;
            assertTrue(last > 2);
            Trace few = subject.trace("embed@0+2,pos_embed@0+2,resid_pre@0+2,attn_out@0+2,mlp_out@0+2,resid_post@0+2");
            var some = new Decomposition(subject.weir, few, 0, List.of(0, 2));
            ResidualStack stack = some.decomposeResid(subject.config.layers(), true);
            ResidualStack all = of(subject).decomposeResid(subject.config.layers(), true);
            for (int component = 0; component < stack.components(); component++) {
                assertArrayEquals(all.at(component, 0), stack.at(component, 0));
                assertArrayEquals(all.at(component, 2), stack.at(component, 2));
            }
            assertThrows(IllegalArgumentException.class, () -> stack.at(0, 1));
            assertThrows(IllegalArgumentException.class, () -> some.stackHeadResults(1, false, false), "no z");
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new Decomposition(subject.weir, few, 0).decomposeResid(0, false),
                    "positions that the trace does not hold");
        }
    }

    @Test
    void layersThatAreNotThereAreRefused() {
        try (var subject = new Subject(3)) {
            Decomposition decomposition = of(subject);
            int layers = subject.config.layers();
            assertThrows(IllegalArgumentException.class, () -> decomposition.decomposeResid(layers + 1, false));
            assertThrows(IllegalArgumentException.class, () -> decomposition.accumulatedResid(-1, false, false));
            assertThrows(IllegalArgumentException.class, () -> decomposition.neuronResults(layers));
            ResidualStack stack = decomposition.decomposeResid(layers, false);
            assertThrows(IllegalArgumentException.class, () -> decomposition.applyLnToStack(stack, layers, true));
            assertThrows(IllegalArgumentException.class, () -> stack.without("L9H9"));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new Decomposition(subject.weir, subject.trace("resid_pre"), 1));
        }
    }

    @Test
    void theStrongestPartsComeFirstWhateverTheirSign() {
        var parts = List.of(new Part("a", 1), new Part("b", -3), new Part("c", 2), new Part(Attribution.BIAS, 0));
        var attribution = new Attribution(0, 5, OptionalInt.empty(), parts, 0.25);
        assertEquals(
                List.of("b", "c", "a", Attribution.BIAS),
                attribution.strongest().stream().map(Part::label).toList());
        assertEquals(0.25, attribution.remainder(), 1e-15);
    }
}
