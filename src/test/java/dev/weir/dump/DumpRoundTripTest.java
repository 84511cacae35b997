package dev.weir.dump;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** A trace through a file is the trace in memory, bit for bit, or rounded to the type that was asked for. */
class DumpRoundTripTest {

    private static Path file = Path.of("");

    @BeforeContainer
    static void makeFile() throws IOException {
        file = Files.createTempFile("weir-dump", ".safetensors");
    }

    @AfterContainer
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    @Property(tries = 80)
    void aTraceThroughAFileIsTheTraceInMemory(
            @ForAll("selectors") String selectors, @ForAll("types") DType type, @ForAll Random random)
            throws IOException {
        int sequences = 1 + random.nextInt(3);
        int longest = 1 + random.nextInt(12);
        int[] lengths = random.ints(sequences, 1, longest + 1).toArray();
        TraceLayout layout = Steps.layout(selectors, sequences, longest, type);
        var recorder = new TraceRecorder();
        try (var writer = new DumpWriter(file, Steps.PROVENANCE)) {
            new Steps(random.nextLong(), layout, lengths).into(recorder, writer);
        }
        try (var dump = Dump.open(file)) {
            assertSame(recorder.trace(), dump.trace());
        }
    }

    private static void assertSame(Trace expected, Trace got) {
        assertEquals(expected.layout(), got.layout());
        assertEquals(expected.lengths(), got.lengths());
        assertArrayEquals(expected.tokens(), got.tokens());
        assertEquals(List.copyOf(expected.points()), List.copyOf(got.points()));
        for (HookPoint point : expected.points()) {
            assertEquals(expected.get(point).shape(), got.get(point).shape());
            float[] rounded =
                    rounded(expected.get(point).data(), expected.layout().type());
            assertArrayEquals(rounded, got.get(point).data(), point.name());
        }
    }

    private static float[] rounded(float[] values, DType type) {
        float[] rounded = new float[values.length];
        var element = MemorySegment.ofArray(new byte[4]);
        for (int i = 0; i < values.length; i++) {
            type.write(element, 0, values[i]);
            rounded[i] = type.read(element, 0);
        }
        return rounded;
    }

    @Provide
    Arbitrary<String> selectors() {
        return Arbitraries.of(
                "*",
                "resid_post",
                "resid_post@last",
                "pattern,attn_scores",
                "pattern@last,z@last",
                "attn_scores@1..3",
                "resid_pre@0+2+5..7,logits",
                "result,ln_final.hook_scale");
    }

    @Provide
    Arbitrary<DType> types() {
        return Arbitraries.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16);
    }
}
