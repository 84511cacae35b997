package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.oracle.Bounds;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every hook point agrees with Hugging Face transformers in float64, which made the {@code golden.safetensors} beside each model
 * ({@code weights/golden} is the script): the default model, and a small one for every variant of a GPT-2 config.
 */
class GoldenTest {

    private static final Path SHARED = Path.of("..", "shared", "data", "models");

    static Stream<Path> models() throws IOException {
        var folders = new ArrayList<Path>();
        for (Path parent : List.of(Path.of("weights"), Path.of("src/test/resources/models"))) {
            try (Stream<Path> children = Files.list(parent)) {
                children.filter(p -> Files.exists(p.resolve("golden.safetensors")))
                        .sorted()
                        .forEach(folders::add);
            }
        }
        assertTrue(folders.size() >= 8, "expected the default model and seven variants, found " + folders);
        return folders.stream();
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyHookPointAgreesWithTransformers(Path folder) throws IOException {
        requireGolden(folder, Options.DEFAULT);
    }

    /** Fails where the model, opened so, is further from its golden values than the bounds allow. */
    static void requireGolden(Path folder, Options options) throws IOException {
        boolean fast = options.device().startsWith("cuda") && !options.cuda().exact();
        try (SafetensorsFile golden = SafetensorsFile.open(folder.resolve("golden.safetensors"));
                Weir weir = Weir.open(folder, options)) {
            int[][] tokens = tokens(golden.entry("tokens"));
            var recorder = new TraceRecorder();
            var prompts = Arrays.stream(tokens).map(Prompt::of).toList();
            weir.forward(prompts, Tracing.of(Hooks.tap(weir.hookPoints()), recorder));
            Trace trace = recorder.trace();
            int compared = 0;
            for (HookPoint point : weir.hookPoints()) {
                if (point.site().onRequestOnly() && !has(golden, point.name())) {
                    continue;
                }
                SafetensorsFile.Entry expected = golden.entry(point.name());
                assertEquals(
                        expected.shape(),
                        trace.get(point).shape().stream()
                                .map(Integer::longValue)
                                .toList());
                if (fast) {
                    Bounds.requireFastClose(
                            point, values(expected), trace.get(point).data(), weir.dtype());
                } else {
                    Bounds.requireClose(
                            point, values(expected), trace.get(point).data());
                }
                compared++;
            }
            assertTrue(compared >= 6 + 17 * weir.config().layers(), "only " + compared + " points");
        }
    }

    @Test
    void aThirdPartysModelGivesItsReferenceTrace() throws IOException {
        Path folder = SHARED.resolve("makemore-names-a");
        assumeTrue(Files.isDirectory(folder), "the third-party model is not here");
        Map<String, String> theirNames = Map.of(
                "resid_pre", "hook_resid_pre",
                "attn_probs", "attn.hook_pattern",
                "attn_out", "hook_attn_out",
                "resid_mid", "hook_resid_mid",
                "mlp_out", "hook_mlp_out",
                "resid_post", "hook_resid_post");
        try (SafetensorsFile reference = SafetensorsFile.open(folder.resolve("trace_torch113_f32.safetensors"));
                Weir weir = Weir.open(folder)) {
            var ids = reference.entry("input_ids");
            int[] tokens = IntStream.range(0, (int) (ids.data().byteSize() / Long.BYTES))
                    .map(i -> (int) DType.INT64.read(ids.data(), (long) i * Long.BYTES))
                    .toArray();
            var recorder = new TraceRecorder();
            weir.forward(List.of(Prompt.of(tokens)), Tracing.of(Hooks.tap(weir.hookPoints()), recorder));
            Trace trace = recorder.trace();
            for (int layer = 0; layer < weir.config().layers(); layer++) {
                for (var name : theirNames.entrySet()) {
                    HookPoint point = HookPoint.named("blocks." + layer + "." + name.getValue());
                    double[] expected = values(reference.entry("h." + layer + "." + name.getKey()));
                    Bounds.requireClose(point, expected, trace.get(point).data());
                }
            }
            HookPoint logits = HookPoint.named("unembed.hook_out");
            Bounds.requireClose(
                    logits, values(reference.entry("logits")), trace.get(logits).data());
            String name = weir.generate("<s>", weir.defaults().greedy()).text();
            assertTrue(name.matches("[a-z]+"), name);
            assertFalse(name.isEmpty());
        }
    }

    private static boolean has(SafetensorsFile file, String name) {
        return file.entries().stream().anyMatch(e -> e.name().equals(name));
    }

    private static int[][] tokens(SafetensorsFile.Entry entry) {
        int sequences = Math.toIntExact(entry.shape().get(0));
        int length = Math.toIntExact(entry.shape().get(1));
        double[] flat = values(entry);
        return IntStream.range(0, sequences)
                .mapToObj(b -> IntStream.range(0, length)
                        .map(p -> (int) flat[b * length + p])
                        .toArray())
                .toArray(int[][]::new);
    }

    private static double[] values(SafetensorsFile.Entry entry) {
        int width = entry.dtype().bytes();
        int count = Math.toIntExact(entry.data().byteSize() / width);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = entry.dtype() == DType.FLOAT64
                    ? entry.data().get(ValueLayout.JAVA_DOUBLE_UNALIGNED, (long) i * width)
                    : entry.dtype().read(entry.data(), (long) i * width);
        }
        return values;
    }
}
