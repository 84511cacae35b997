package dev.weir.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.safetensors.SafetensorsFile.Entry;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DumpDiffTest {

    private static final float INFINITY = Float.POSITIVE_INFINITY;

    @TempDir
    Path folder;

    private static Entry point(HookPoint point, float... values) {
        var shape = List.of(1L, values.length / 2L, 2L);
        return new Entry(point.name(), DType.FLOAT32, shape, MemorySegment.ofArray(values));
    }

    private static Entry embed(float... values) {
        return point(HookPoint.of(Site.EMBED), values);
    }

    private static Entry tokens(int... values) {
        return new Entry("tokens", DType.INT32, List.of(1L, (long) values.length), MemorySegment.ofArray(values));
    }

    private Dump dump(String name, Entry... tensors) throws IOException {
        Path file = folder.resolve(name);
        SafetensorsWriter.write(file, Map.of(), Arrays.asList(tensors));
        return Dump.open(file);
    }

    private PointDifference difference(Entry first, Entry second) throws IOException {
        try (var a = dump("a", first);
                var b = dump("b", second)) {
            return DumpDiff.of(a, b, p -> Double.MAX_VALUE).compared().getFirst();
        }
    }

    @Test
    void aDumpDoesNotDifferFromItself() throws IOException {
        Path file = folder.resolve("trace");
        try (var writer = new DumpWriter(file, Steps.PROVENANCE)) {
            new Steps(1, Steps.layout("*", 2, 6, DType.FLOAT16), 6, 3).into(writer);
        }
        try (var a = Dump.open(file);
                var b = Dump.open(file)) {
            var diff = DumpDiff.of(a, b, p -> 0);
            assertTrue(diff.beyond().isEmpty());
            assertEquals(a.points().size(), diff.compared().size());
            assertTrue(diff.compared().stream().allMatch(PointDifference::isNone));
            assertTrue(diff.onlyInFirst().isEmpty() && diff.onlyInSecond().isEmpty());
        }
    }

    @Test
    void theWorstElementIsShownWithItsPlace() throws IOException {
        var difference = difference(embed(1, 2, 3, 4), embed(1, 2.5f, 3, 3));
        assertEquals(List.of(0, 1, 1), difference.worst());
        assertEquals(1, difference.maxAbsolute());
        assertEquals(4, difference.first());
        assertEquals(3, difference.second());
        assertEquals(Math.sqrt(1.25 / 30), difference.relative(), 1e-15);
        assertEquals((1 + 5 + 9 + 12) / Math.sqrt(30 * (1 + 6.25 + 9 + 9)), difference.cosine(), 1e-15);
        assertFalse(difference.isNone());
    }

    @Test
    void valuesThatAreNotFiniteAreComparedByKind() throws IOException {
        float[] odd = {Float.NaN, -INFINITY, INFINITY, 1};
        assertTrue(difference(embed(odd), embed(odd)).isNone());
        for (float other : new float[] {INFINITY, 0, Float.NaN}) {
            var difference = difference(embed(odd), embed(Float.NaN, other, INFINITY, 1));
            assertEquals(Double.POSITIVE_INFINITY, difference.maxAbsolute());
            assertEquals(List.of(0, 0, 1), difference.worst());
        }
    }

    @Test
    void anInfiniteDifferenceLeavesEveryBound() throws IOException {
        try (var a = dump("a", embed(1, Float.NaN));
                var b = dump("b", embed(1, 2))) {
            assertTrue(DumpDiff.of(a, b, p -> Double.MAX_VALUE).beyond().isPresent());
        }
    }

    @Test
    void zerosAreEqualAndFarFromAnythingElse() throws IOException {
        assertEquals(0, difference(embed(0, 0), embed(0, 0)).relative());
        assertEquals(1, difference(embed(0, 0), embed(0, 0)).cosine());
        assertEquals(
                Double.POSITIVE_INFINITY, difference(embed(0, 0), embed(0, 1)).relative());
    }

    @Test
    void itStopsAtTheFirstPointInForwardOrderThatLeavesItsBound() throws IOException {
        var mid = HookPoint.of(0, Site.RESID_MID);
        var post = HookPoint.of(0, Site.RESID_POST);
        try (var a = dump("a", point(post, 1, 1), point(mid, 1, 1), embed(1, 1));
                var b = dump("b", point(post, 9, 9), point(mid, 1, 1.5f), embed(1, 1.001f))) {
            var diff = DumpDiff.of(a, b, p -> 0.01);
            assertEquals(mid, diff.beyond().orElseThrow().point());
            assertEquals(
                    List.of(HookPoint.of(Site.EMBED), mid),
                    diff.compared().stream().map(PointDifference::point).toList());
            assertEquals(
                    post,
                    DumpDiff.of(a, b, p -> p.equals(post) ? 1 : 2)
                            .beyond()
                            .orElseThrow()
                            .point());
        }
    }

    @Test
    void pointsOfOnlyOneDumpAreListed() throws IOException {
        var q = HookPoint.of(0, Site.Q);
        var k = HookPoint.of(0, Site.K);
        try (var a = dump("a", embed(1, 1), point(q, 1, 1));
                var b = dump("b", embed(1, 1), point(k, 1, 1))) {
            var diff = DumpDiff.of(a, b, p -> 0);
            assertEquals(List.of(q), List.copyOf(diff.onlyInFirst()));
            assertEquals(List.of(k), List.copyOf(diff.onlyInSecond()));
        }
    }

    @Test
    void dumpsThatCannotBeComparedAreRefusedInOneLine() throws IOException {
        assertRefused("token 5 at [0, 1]", new Entry[] {tokens(4, 5), embed(1, 1)}, tokens(4, 6), embed(1, 1));
        assertRefused("no token at [0, 2]", new Entry[] {tokens(4, 5), embed(1, 1)}, tokens(4, 5, 6), embed(1, 1));
        assertRefused("[1, 2, 2]", new Entry[] {embed(1, 1)}, embed(1, 1, 1, 1));
        assertRefused("in both", new Entry[] {embed(1, 1)}, point(HookPoint.of(0, Site.Q), 1, 1));
    }

    private void assertRefused(String said, Entry[] first, Entry... second) throws IOException {
        try (var a = dump("a", first);
                var b = dump("b", second)) {
            var refused = assertThrows(IllegalArgumentException.class, () -> DumpDiff.of(a, b, p -> 0));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains(said), message);
            assertEquals(1, message.lines().count());
        }
    }
}
