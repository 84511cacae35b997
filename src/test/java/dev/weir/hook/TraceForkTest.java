package dev.weir.hook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weir.hook.TraceFork.Branch;
import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TraceForkTest {

    private static final HookPoint EMBED = HookPoint.of(Site.EMBED);
    private static final HookPoint POST = HookPoint.of(0, Site.RESID_POST);
    private static final Dimensions DIMENSIONS = new Dimensions(1, 2, 1, 1, 2, 8, 5);

    @Test
    void eachBranchGetsItsPointsAtItsPositionsAndNoOthers() {
        var first = new TraceRecorder();
        var second = new TraceRecorder();
        var points = List.of(EMBED, POST);
        try (var fork = new TraceFork(List.of(
                new Branch(Hooks.select("embed", points), first),
                new Branch(Hooks.select("embed@last,resid_post@1", points), second)))) {
            assertEquals(Set.of(EMBED, POST), fork.hooks().taps().keySet());
            fork.begin(new TraceLayout(fork.hooks().taps(), DIMENSIONS, 1, 3, DType.FLOAT32));
            var rows = new Rows(new int[3], new int[] {0, 1, 2}, new int[] {4, 3, 2}, new int[] {2});
            fork.tokens(rows);
            fork.rows(EMBED, rows, MemorySegment.ofArray(new float[] {1, 2, 3, 4, 5, 6}), 2);
            fork.rows(POST, rows, MemorySegment.ofArray(new float[] {7, 8, 9, 10, 11, 12}), 2);
            fork.end(new int[] {3});
            assertArrayEquals(
                    new float[] {1, 2, 3, 4, 5, 6}, first.trace().get(EMBED).data());
            assertThrows(IllegalArgumentException.class, () -> first.trace().get(POST));
            assertArrayEquals(new float[] {5, 6}, second.trace().get(EMBED).data());
            assertArrayEquals(new float[] {9, 10}, second.trace().get(POST).data());
            assertArrayEquals(new int[][] {{4, 3, 2}}, second.trace().tokens());
        }
    }
}
