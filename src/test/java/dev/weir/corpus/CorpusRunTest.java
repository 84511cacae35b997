package dev.weir.corpus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class CorpusRunTest {

    private static final long SHARD = 16 << 10;

    private static Weir weir;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        weir = Corpora.model();
    }

    @AfterAll
    static void close() {
        weir.close();
    }

    private static CorpusPlan plan(String hooks) throws IOException {
        return Corpora.plan(weir, Corpora.prompts(40), hooks, DType.FLOAT32, SHARD);
    }

    private static List<CorpusDump.Row> rows(CorpusDump dump, HookPoint point) throws IOException {
        var rows = new ArrayList<CorpusDump.Row>();
        dump.forEachRow(point, rows::add);
        return rows;
    }

    private static int[] prompt(TokenizedPrompts prompts, int sequence) {
        return IntStream.range(0, prompts.length(sequence))
                .map(p -> prompts.token(sequence, p))
                .toArray();
    }

    /** What one prompt alone shows, [positions][width], heads side by side. */
    private static float[] alone(Trace trace, HookPoint point, int position, int width) {
        float[] data = trace.get(point).data();
        return Arrays.copyOfRange(data, position * width, (position + 1) * width);
    }

    private static Trace alone(int[] prompt, HookPoint point) {
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(Prompt.of(prompt)), Tracing.of(Hooks.tap(List.of(point)), recorder));
            return recorder.trace();
        }
    }

    @Test
    void everyRowHasTheBitsOfItsPromptAlone() throws IOException {
        TokenizedPrompts prompts = Corpora.prompts(12);
        String hooks = "embed,resid_post,q,z,result,mlp_pre,ln_final.hook_scale,logits";
        CorpusDump dump =
                Corpora.dump(weir, Corpora.plan(weir, prompts, hooks, DType.FLOAT32, 64 << 10), folder.resolve("d"));
        assertTrue(dump.manifest().shards().size() > 1);
        assertEquals(13, dump.points().size());
        for (HookPoint point : dump.points()) {
            List<CorpusDump.Row> rows = rows(dump, point);
            int r = 0;
            for (int s = 0; s < prompts.count(); s++) {
                int[] prompt = prompt(prompts, s);
                Trace alone = alone(prompt, point);
                for (int p = 0; p < prompt.length; p++, r++) {
                    CorpusDump.Row row = rows.get(r);
                    assertEquals(List.of(s, p, prompt[p]), List.of(row.sequence(), row.position(), row.token()));
                    assertArrayEquals(alone(alone, point, p, dump.width(point)), row.values(), point.name());
                }
            }
            assertEquals(r, rows.size());
            assertEquals(r, dump.rows());
        }
    }

    @Test
    void theFilesDoNotDependOnTheBatching() throws IOException {
        CorpusPlan plan = Corpora.plan(weir, Corpora.prompts(40), "resid_post,logits", DType.FLOAT32, 64 << 10);
        Corpora.dump(weir, plan, folder.resolve("whole"));
        Map<String, String> expected = Corpora.files(folder.resolve("whole"));
        for (StepLimits limits : List.of(new StepLimits(1, 1), new StepLimits(7, 2), new StepLimits(300, 5))) {
            Path other = folder.resolve(limits.toString());
            try (CorpusRun run = CorpusRun.begin(other, plan)) {
                run.finish(weir, limits, CorpusRun.Listener.NONE);
            }
            assertEquals(expected, Corpora.files(other));
        }
    }

    @Test
    void bytesAreKnownBeforeAnythingRuns() throws IOException {
        CorpusPlan plan = plan("resid_post,z");
        Corpora.dump(weir, plan, folder.resolve("d"));
        long bytes = 0;
        for (String name : Corpora.files(folder.resolve("d")).keySet()) {
            long size = Files.size(folder.resolve("d").resolve(name));
            assertTrue(size <= SHARD, name);
            bytes += size;
        }
        assertTrue(plan.shards().size() > 3);
        assertEquals(plan.bytes(), bytes);
    }

    @Test
    void positionsAreThoseAskedFor() throws IOException {
        TokenizedPrompts prompts = Corpora.prompts(40);
        HookPoint point = HookPoint.named("blocks.1.hook_resid_post");
        List<CorpusDump.Row> all = rows(Corpora.dump(weir, plan("resid_post.1"), folder.resolve("all")), point);
        var last = rows(Corpora.dump(weir, plan("resid_post.1@last"), folder.resolve("last")), point);
        var some = rows(Corpora.dump(weir, plan("resid_post.1@0+5..6"), folder.resolve("some")), point);
        assertSame(all.stream().filter(row -> row.position() == prompts.length(row.sequence()) - 1), last);
        assertSame(all.stream().filter(row -> row.position() == 0 || row.position() == 5 || row.position() == 6), some);
        assertEquals(prompts.count(), last.size());
    }

    private static void assertSame(Stream<CorpusDump.Row> expected, List<CorpusDump.Row> got) {
        List<CorpusDump.Row> rows = expected.toList();
        assertEquals(rows.size(), got.size());
        for (int r = 0; r < rows.size(); r++) {
            assertEquals(rows.get(r).sequence(), got.get(r).sequence());
            assertEquals(rows.get(r).position(), got.get(r).position());
            assertEquals(rows.get(r).token(), got.get(r).token());
            assertArrayEquals(rows.get(r).values(), got.get(r).values());
        }
    }

    @Test
    void narrowTypesAreTheValuesRounded() throws IOException {
        HookPoint point = HookPoint.named("blocks.0.attn.hook_z");
        List<CorpusDump.Row> exact = rows(Corpora.dump(weir, plan("z.0"), folder.resolve("float32")), point);
        for (DType type : List.of(DType.FLOAT16, DType.BFLOAT16)) {
            CorpusPlan plan = Corpora.plan(weir, Corpora.prompts(40), "z.0", type, SHARD);
            List<CorpusDump.Row> narrow = rows(Corpora.dump(weir, plan, folder.resolve(type.label())), point);
            MemorySegment cell = MemorySegment.ofArray(new byte[2]);
            for (int r = 0; r < exact.size(); r++) {
                for (int c = 0; c < Corpora.WIDTH; c++) {
                    type.write(cell, 0, exact.get(r).values()[c]);
                    assertEquals(type.read(cell, 0), narrow.get(r).values()[c]);
                }
            }
        }
    }

    /** Gives up after so many shards. */
    private record Interruption(int[] left) implements CorpusRun.Listener {
        @Override
        public void onShard(Manifest.Shard shard) {
            if (--left[0] == 0) {
                throw new IllegalStateException("interrupted");
            }
        }
    }

    private void interrupted(CorpusPlan plan, Path path, int shards) throws IOException {
        try (CorpusRun run = CorpusRun.begin(path, plan)) {
            assertThrows(IllegalStateException.class, () -> run.finish(weir, new Interruption(new int[] {shards})));
        }
    }

    @Test
    void whatAnInterruptedRunMadeIsKept() throws IOException {
        CorpusPlan plan = plan("resid_post");
        Path path = folder.resolve("d");
        interrupted(plan, path, 2);
        interrupted(plan, path, 1);
        CorpusException early = assertThrows(CorpusException.class, () -> CorpusDump.open(path));
        assertTrue(early.getMessage().contains("got 3 of " + plan.shards().size() + " shards"), early.getMessage());
        try (CorpusRun run = CorpusRun.begin(path, plan)) {
            long done = plan.tokens(plan.shards().get(0))
                    + plan.tokens(plan.shards().get(1))
                    + plan.tokens(plan.shards().get(2));
            assertEquals(plan.prompts().tokens() - done, run.missingTokens());
            run.finish(weir, CorpusRun.Listener.NONE);
        }
        Corpora.dump(weir, plan, folder.resolve("whole"));
        assertEquals(Corpora.files(folder.resolve("whole")), Corpora.files(path));
    }

    @Test
    void aDamagedShardIsMadeAgain() throws IOException {
        CorpusPlan plan = plan("resid_post");
        Path path = folder.resolve("d");
        Corpora.dump(weir, plan, path);
        Map<String, String> expected = Corpora.files(path);
        Path damaged = path.resolve(plan.shards().get(1).file());
        byte[] bytes = Files.readAllBytes(damaged);
        bytes[bytes.length / 2] ^= 1;
        Files.write(damaged, bytes);
        Files.delete(path.resolve(plan.shards().get(3).file()));
        var made = new ArrayList<String>();
        try (CorpusRun run = CorpusRun.begin(path, plan)) {
            run.finish(weir, new CorpusRun.Listener() {
                @Override
                public void onShard(Manifest.Shard shard) {
                    made.add(shard.file());
                }
            });
        }
        assertEquals(List.of(plan.shards().get(1).file(), plan.shards().get(3).file()), made);
        assertEquals(expected, Corpora.files(path));
    }

    private static String refusal(Path path, CorpusPlan plan) {
        return assertThrows(IllegalArgumentException.class, () -> CorpusRun.begin(path, plan)
                        .close())
                .getMessage();
    }

    @Test
    void aRunWithOtherOptionsIsRefusedNamingTheDifference() throws IOException {
        Path path = folder.resolve("d");
        interrupted(plan("resid_post.0"), path, 1);
        assertEquals(
                path + ": expected hooks blocks.0.hook_resid_post, with which this dump was begun, got"
                        + " blocks.1.hook_resid_post",
                refusal(path, plan("resid_post.1")));
        assertEquals(
                path + ": expected positions all, with which this dump was begun, got last",
                refusal(path, plan("resid_post.0@last")));
        assertEquals(
                path + ": expected dtype float32, with which this dump was begun, got float16",
                refusal(path, Corpora.plan(weir, Corpora.prompts(40), "resid_post.0", DType.FLOAT16, SHARD)));
        assertEquals(
                path + ": expected prompts 40, with which this dump was begun, got 41",
                refusal(path, Corpora.plan(weir, Corpora.prompts(41), "resid_post.0", DType.FLOAT32, SHARD)));
        assertEquals(
                path + ": expected max_shard_bytes 16384, with which this dump was begun, got 20000",
                refusal(path, Corpora.plan(weir, Corpora.prompts(40), "resid_post.0", DType.FLOAT32, 20000)));
    }

    @Test
    void aFolderOfSomethingElseIsLeftAlone() throws IOException {
        Path path = Files.createDirectories(folder.resolve("d"));
        Files.writeString(path.resolve("thesis.tex"), "years of work");
        assertEquals(
                path + ": expected a new or empty folder, or one with a dump, got one with thesis.tex",
                refusal(path, plan("resid_post")));
        assertEquals(List.of("thesis.tex"), List.copyOf(Corpora.files(path).keySet()));
        Path file = path.resolve("thesis.tex");
        assertEquals(file + ": expected a folder or nothing there, got a file", refusal(file, plan("resid_post")));
    }

    @Test
    void twoRunsAtOnceAreRefused() throws IOException {
        Path path = folder.resolve("d");
        CorpusPlan plan = plan("resid_post");
        try (CorpusRun run = CorpusRun.begin(path, plan)) {
            assertFalse(run.manifest().complete());
            assertEquals(path + ": expected a dump that nobody is making, got one being made", refusal(path, plan));
        }
        Corpora.dump(weir, plan, path);
        assertFalse(Corpora.files(path).containsKey(".lock"));
    }

    @Test
    void leftoversOfAKilledRunAreSweptAway() throws IOException {
        Path path = Files.createDirectories(folder.resolve("d"));
        for (String leftover :
                List.of(".lock", ".manifest.json.part", ".shard-00000-of-00003.safetensors.part-12-ab")) {
            Files.writeString(path.resolve(leftover), "half");
        }
        CorpusPlan plan = plan("resid_post");
        Corpora.dump(weir, plan, path);
        Corpora.dump(weir, plan, folder.resolve("whole"));
        assertEquals(Corpora.files(folder.resolve("whole")), Corpora.files(path));
    }

    @Test
    void aManifestThatIsNoneIsRefusedInOneLine() throws IOException {
        Path path = Files.createDirectories(folder.resolve("d"));
        for (String text :
                List.of("", "{", "[]", "{\"format\": \"other\"}", "{\"format\":\"weir-dump\",\"format_version\":1}")) {
            Files.writeString(path.resolve("manifest.json"), text);
            CorpusException refused = assertThrows(CorpusException.class, () -> CorpusDump.open(path), text);
            assertTrue(refused.getMessage().startsWith(path.resolve("manifest.json") + ": expected "), text);
            assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
        }
        assertThrows(CorpusException.class, () -> CorpusDump.open(folder.resolve("nothing")));
    }

    @Test
    void whatCannotBeDumpedIsRefusedByName() {
        assertRefused(
                "hook point blocks.0.attn.hook_pattern: expected a point with as many values for every token",
                () -> plan("resid_post,pattern.0"));
        assertRefused("hooks: expected one or more with the same positions", () -> plan("resid_post@last,z"));
        assertRefused(
                "shards of 900 bytes: expected room for the ",
                () -> Corpora.plan(weir, Corpora.prompts(40), "resid_post", DType.FLOAT32, 900));
        assertRefused(
                "prompt 1: expected at most the 20 positions of the model's context, got 21 tokens",
                () -> Corpora.plan(
                        weir,
                        new TokenizedPrompts(List.of(new int[3], new int[21])),
                        "resid_post",
                        DType.FLOAT32,
                        SHARD));
        assertRefused("prompt 0: expected at least one token", () -> new TokenizedPrompts(List.of(new int[0])));
        assertRefused("prompts: expected at least one", () -> new TokenizedPrompts(List.of()));
        assertRefused(
                "dtype: expected float32, float16 or bfloat16, got float64",
                () -> Corpora.plan(weir, Corpora.prompts(2), "resid_post", DType.FLOAT64, SHARD));
    }

    private static void assertRefused(String beginning, Executable what) {
        String message = assertThrows(IllegalArgumentException.class, what).getMessage();
        assertTrue(message.startsWith(beginning), message);
    }
}
