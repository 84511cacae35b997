package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/** Requests of one batch, each with edits of its own or none: each is what it would be alone, to the bit. */
class EditedRequestsTest {

    private static final HookPoint MID = HookPoint.of(0, Site.RESID_MID);

    Options options() {
        return Options.DEFAULT.withDevice("cpu").withThreads(2);
    }

    /** What came of a batch: what was generated, and every point on the way. */
    private record Outcome(Completion completion, Trace trace) {}

    private static Outcome generate(Weir weir, List<Prompt> prompts, Edits ofAll, int newTokens) {
        var recorder = new TraceRecorder();
        Hooks hooks = Hooks.tap(weir.hookPoints()).withEdits(ofAll);
        GenerationOptions options = weir.defaults().greedy().withMaxNewTokens(newTokens);
        Completion completion = weir.generate(prompts, options, Tracing.of(hooks, recorder), TextListener.NONE);
        return new Outcome(completion, recorder.trace());
    }

    @Property(tries = 40, shrinking = ShrinkingMode.OFF)
    void aRequestBesideEditedOnesIsWhatItIsAlone(@ForAll long seed) {
        requireAsAlone(seed);
    }

    /** The batch of a seed; a GPU in software has time for a few. */
    final void requireAsAlone(long seed) {
        var random = new Random(seed);
        EditedCase model = EditedCase.random(seed);
        try (Weir weir = model.open(options())) {
            var prompts = new ArrayList<Prompt>();
            for (int i = 2 + random.nextInt(3); i > 0; i--) {
                int[] tokens = random.ints(
                                1 + random.nextInt(12), 0, model.config().vocabulary())
                        .toArray();
                prompts.add(Prompt.of(tokens).edited(random.nextInt(3) == 0 ? Edits.NONE : some(model, random)));
            }
            Edits ofAll = random.nextInt(4) == 0 ? some(model, random) : Edits.NONE;
            int newTokens = 1 + random.nextInt(6);
            Outcome together = generate(weir, prompts, ofAll, newTokens);
            for (int i = 0; i < prompts.size(); i++) {
                Outcome alone = generate(weir, List.of(prompts.get(i)), ofAll, newTokens);
                assertEquals(
                        alone.completion.generations().getFirst(),
                        together.completion.generations().get(i));
                requireSameRows(alone.trace, together.trace, i);
            }
        }
    }

    @Property(tries = 30, shrinking = ShrinkingMode.OFF)
    void openedAttentionHasTheBitsOfAttention(@ForAll long seed) {
        requireBitsOfWholeAttention(seed);
    }

    /** The model and the prompt of a seed, with attention opened in every block and nothing changed in it. */
    final void requireBitsOfWholeAttention(long seed) {
        EditedCase model = EditedCase.random(seed);
        Edits never = Edits.NONE;
        for (int layer = 0; layer < model.config().layers(); layer++) {
            never = never.and(HookPoint.of(layer, Site.ATTN_SCORES), Edit.zero().at(Span.NEVER))
                    .and(HookPoint.of(layer, Site.PATTERN), Edit.zero().at(Span.NEVER));
        }
        try (Weir weir = model.open(options())) {
            Outcome plain = generate(weir, List.of(Prompt.of(model.tokens())), Edits.NONE, 3);
            Outcome opened = generate(weir, List.of(Prompt.of(model.tokens())), never, 3);
            assertEquals(plain.completion.generations(), opened.completion.generations());
            requireSameRows(plain.trace, opened.trace, 0);
        }
    }

    private static Edits some(EditedCase model, Random random) {
        Edits edits = Edits.NONE;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            Site site = EditedCase.EDITABLE.get(random.nextInt(EditedCase.EDITABLE.size()));
            int layer = random.nextInt(model.config().layers());
            HookPoint point = site.inBlock() ? HookPoint.of(layer, site) : HookPoint.of(site);
            Edit edit = EditedCase.edit(site, model.config(), random);
            boolean fromTheEnd = random.nextInt(3) == 0 && edit instanceof Edit.OnMachine;
            edits = edits.and(point, fromTheEnd ? ((Edit.OnMachine) edit).at(Span.from(-1)) : edit);
        }
        return edits;
    }

    private static void requireSameRows(Trace alone, Trace together, int sequence) {
        int length = alone.lengths().getFirst();
        for (HookPoint point : alone.points()) {
            Trace.Values one = alone.get(point);
            Trace.Values many = together.get(point);
            boolean isSquare = point.site().form() == Site.Form.SQUARE;
            int heads = isSquare ? one.shape().get(1) : 1;
            int columns = one.data().length / (heads * length);
            int stride = many.data().length
                    / (heads * together.lengths().size() * many.shape().get(isSquare ? 2 : 1));
            for (int head = 0; head < heads; head++) {
                for (int row = 0; row < length; row++) {
                    int from = (head * length + row) * columns;
                    int rows = many.shape().get(isSquare ? 2 : 1);
                    int to = ((sequence * heads + head) * rows + row) * stride;
                    assertArrayEquals(
                            bits(one.data(), from, Math.min(columns, stride)),
                            bits(many.data(), to, Math.min(columns, stride)),
                            point + " of sequence " + sequence + ", row " + row);
                }
            }
        }
    }

    private static int[] bits(float[] values, int from, int count) {
        return IntStream.range(from, from + count)
                .map(i -> Float.floatToIntBits(values[i]))
                .toArray();
    }

    private Weir open() {
        return EditedCase.everyKindAtEverySite().findFirst().orElseThrow().open(options());
    }

    private static float[] stream(Weir weir, Edits edits, int... tokens) {
        var recorder = new TraceRecorder();
        weir.forward(List.of(Prompt.of(tokens).edited(edits)), Tracing.of(weir.select("resid_post.1"), recorder));
        return recorder.trace().get("blocks.1.hook_resid_post").data();
    }

    @Test
    void thePromptsLastTokenIsWhereItsOwnPromptEnds() {
        Edits last = Edits.of(MID, Edit.fill(1).at(Span.at(-1)));
        try (Weir weir = open()) {
            var recorder = new TraceRecorder();
            List<Prompt> prompts = List.of(Prompt.of(1, 2, 3), Prompt.of(4, 5));
            weir.forward(prompts, Tracing.of(weir.select("resid_mid.0").withEdits(last), recorder));
            Trace.Values mid = recorder.trace().get(MID);
            for (int sequence = 0; sequence < 2; sequence++) {
                for (int position = 0; position < 3 - sequence; position++) {
                    boolean isOnes = Arrays.equals(ones(), mid.row(sequence, position));
                    assertEquals(position == 2 - sequence, isOnes);
                }
            }
        }
    }

    private static float[] ones() {
        var ones = new float[15];
        Arrays.fill(ones, 1);
        return ones;
    }

    @Test
    void generatedTokensAreEditedFromTheFirstOn() {
        var edited = new ArrayList<Integer>();
        Edits look = Edits.of(MID, new Edit.OnHost((point, rows, values, columns) -> Arrays.stream(rows.positions())
                .forEach(edited::add)));
        Edits generated = Edits.of(MID, Edit.fill(1).at(Span.GENERATED));
        try (Weir weir = open()) {
            Prompt prompt = Prompt.of(1, 2, 3).edited(generated).edited(look);
            Outcome outcome = generate(weir, List.of(prompt), Edits.NONE, 3);
            assertEquals(List.of(0, 1, 2, 3, 4), edited);
            for (int position = 0; position < 5; position++) {
                float[] row = outcome.trace.get(MID).row(0, position);
                assertEquals(position > 2, Arrays.equals(ones(), row));
            }
        }
    }

    @Test
    void skippedBlocksAndBranchesLeaveTheStreamUntouchedToTheBit() {
        try (Weir weir = open()) {
            Edits minusZero =
                    Edits.of(HookPoint.of(1, Site.RESID_PRE), Edit.fill(-0f).at(Span.at(1)));
            for (Edits skip : List.of(Edits.skipBlock(1), Edits.skipAttention(1), Edits.skipMlp(1))) {
                var recorder = new TraceRecorder();
                Tracing tracing = Tracing.of(weir.select("resid_pre.1,resid_mid.1,resid_post.1"), recorder);
                weir.forward(List.of(Prompt.of(1, 2, 3).edited(minusZero.and(skip))), tracing);
                float[] pre = recorder.trace().get("blocks.1.hook_resid_pre").data();
                float[] mid = recorder.trace().get("blocks.1.hook_resid_mid").data();
                float[] post = recorder.trace().get("blocks.1.hook_resid_post").data();
                assertEquals(Integer.MIN_VALUE, Float.floatToRawIntBits(pre[15]), "the stream holds -0");
                boolean attentionGoes = skip.points().contains(HookPoint.of(1, Site.ATTN_OUT));
                boolean mlpGoes = skip.points().contains(HookPoint.of(1, Site.MLP_OUT));
                assertEquals(attentionGoes, Arrays.equals(rawBits(pre), rawBits(mid)));
                assertEquals(mlpGoes, Arrays.equals(rawBits(mid), rawBits(post)));
            }
        }
    }

    private static int[] rawBits(float[] values) {
        return IntStream.range(0, values.length)
                .map(i -> Float.floatToRawIntBits(values[i]))
                .toArray();
    }

    @Test
    void aPlainBlockIsItsBranchesAlone() {
        try (Weir weir = open()) {
            Trace trace = trace(weir, Edits.plainBlock(1), "*");
            assertArrayEquals(
                    trace.get("blocks.1.hook_attn_out").data(),
                    trace.get("blocks.1.hook_resid_mid").data());
            assertArrayEquals(
                    trace.get("blocks.1.hook_mlp_out").data(),
                    trace.get("blocks.1.hook_resid_post").data());
            Trace whole = trace(weir, Edits.NONE, "*");
            assertArrayEquals(
                    whole.get("blocks.1.hook_attn_out").data(),
                    trace.get("blocks.1.hook_attn_out").data(),
                    "attention still reads the stream");
        }
    }

    @Test
    void aBranchIsScaled() {
        try (Weir weir = open()) {
            float[] whole = trace(weir, Edits.NONE, "attn_out.1")
                    .get("blocks.1.hook_attn_out")
                    .data();
            float[] half = trace(weir, Edits.scaleBlock(1, 0.5f), "attn_out.1")
                    .get("blocks.1.hook_attn_out")
                    .data();
            for (int i = 0; i < whole.length; i++) {
                assertEquals(0.5f * whole[i], half[i]);
            }
        }
    }

    private static Trace trace(Weir weir, Edits edits, String selectors) {
        var recorder = new TraceRecorder();
        weir.forward(List.of(Prompt.of(1, 2, 3).edited(edits)), Tracing.of(weir.select(selectors), recorder));
        return recorder.trace();
    }

    @Test
    void aKeyThatNobodyMayLookAtIsAsIfItsValueDidNotMatter() {
        var scores = new float[2 * 3]; // of the first two keys of three heads
        for (int head = 0; head < 3; head++) {
            scores[2 * head + 1] = Float.NEGATIVE_INFINITY;
        }
        HookPoint point = HookPoint.of(0, Site.ATTN_SCORES);
        Edits blind = Edits.of(point, Edit.add(scores, 1).at(Span.from(2)));
        Edits other = blind.and(HookPoint.of(0, Site.V), Edit.fill(7).at(Span.at(1)));
        try (Weir weir = open()) {
            Trace before = trace(weir, blind, "z.0,pattern.0");
            Trace after = trace(weir, other, "z.0");
            assertEquals(0, before.get("blocks.0.attn.hook_pattern").at(0, 1, 2, 1));
            assertArrayEquals(
                    before.get("blocks.0.attn.hook_z").row(0, 2, 1),
                    after.get("blocks.0.attn.hook_z").row(0, 2, 1));
            assertFalse(Arrays.equals(
                    before.get("blocks.0.attn.hook_z").row(0, 1, 1),
                    after.get("blocks.0.attn.hook_z").row(0, 1, 1)));
        }
    }

    @Test
    void keysAfterThePositionAreMaskedInAnEditedTrace() {
        Edits edits = Edits.of(HookPoint.of(0, Site.ATTN_SCORES), Edit.fill(2))
                .and(HookPoint.of(0, Site.PATTERN), Edit.fill(3));
        try (Weir weir = open()) {
            Trace trace = trace(weir, edits, "attn_scores.0,pattern.0");
            for (int query = 0; query < 3; query++) {
                for (int key = 0; key < 3; key++) {
                    boolean isSeen = key <= query;
                    assertEquals(
                            isSeen ? 2 : Float.NEGATIVE_INFINITY,
                            trace.get("blocks.0.attn.hook_attn_scores").at(0, 1, query, key));
                    assertEquals(
                            isSeen ? 3 : 0,
                            trace.get("blocks.0.attn.hook_pattern").at(0, 1, query, key));
                }
            }
        }
    }

    @Test
    void aFunctionOfOneRequestSeesItsRowsOnly() {
        var seen = new ArrayList<String>();
        Edits look = Edits.of(MID, new Edit.OnHost((point, rows, values, columns) -> {
            seen.add(Arrays.toString(rows.slots())
                    + Arrays.toString(rows.positions())
                    + Arrays.toString(rows.tokens())
                    + Arrays.toString(rows.outputs()));
            assertEquals(rows.count() * columns, values.length);
            Arrays.fill(values, 1);
        }));
        try (Weir weir = open()) {
            float[] alone = stream(weir, Edits.NONE, 7, 8);
            var recorder = new TraceRecorder();
            List<Prompt> prompts = List.of(Prompt.of(7, 8), Prompt.of(1, 2, 3).edited(look), Prompt.of(7, 8));
            weir.forward(prompts, Tracing.of(weir.select("resid_mid.0,resid_post.1"), recorder));
            Trace trace = recorder.trace();
            assertEquals(List.of("[1, 1, 1][0, 1, 2][1, 2, 3][2]"), seen);
            assertArrayEquals(ones(), trace.get(MID).row(1, 2));
            for (int other : new int[] {0, 2}) {
                float[] row = trace.get("blocks.1.hook_resid_post").row(other, 1);
                assertArrayEquals(Arrays.copyOfRange(alone, 15, 30), row);
            }
        }
    }

    @Test
    void aFunctionOfEveryRequestIsCalledOnceAStepWithAllRows() {
        var calls = new AtomicInteger();
        Edits look = Edits.of(MID, new Edit.OnHost((point, rows, values, columns) -> {
            calls.incrementAndGet();
            assertEquals(5, rows.count());
        }));
        try (Weir weir = open()) {
            Tracing tracing = Tracing.of(Hooks.edit(look), new TraceRecorder());
            weir.forward(List.of(Prompt.of(1, 2), Prompt.of(3, 4, 5)), tracing);
        }
        assertEquals(1, calls.get());
    }

    @Test
    void lookingInJavaChangesNothing() {
        Edits look = Edits.of(MID, new Edit.OnHost((point, rows, values, columns) -> {}));
        try (Weir weir = open()) {
            assertArrayEquals(stream(weir, Edits.NONE, 1, 2, 3), stream(weir, look, 1, 2, 3));
        }
    }

    @Test
    void editsAtOnePointAreMadeInTheirOrder() {
        Edit twice = Edit.scale(2);
        Edit one = Edit.fill(1);
        Edit look = new Edit.OnHost((point, rows, values, columns) -> {
            for (int i = 0; i < values.length; i++) {
                values[i] += 5;
            }
        });
        try (Weir weir = open()) {
            Edits edits = Edits.of(MID, one).and(MID, twice).and(MID, look).and(MID, twice);
            assertEquals(14, trace(weir, edits, "resid_mid.0").get(MID).at(0, 0, 0));
            Edits others = Edits.of(MID, twice).and(MID, look).and(MID, one);
            assertEquals(1, trace(weir, others, "resid_mid.0").get(MID).at(0, 0, 0));
        }
    }

    @Test
    void whatFlowsOnWithEditsOfOneCallIsWhatTheCallShows() {
        Edits edits = Edits.of(MID, Edit.scale(3));
        try (Weir weir = open()) {
            float[] plain = stream(weir, Edits.NONE, 1, 2);
            assertFalse(Arrays.equals(plain, stream(weir, edits, 1, 2)));
            assertArrayEquals(plain, stream(weir, Edits.NONE, 1, 2), "the next call is not edited");
        }
    }

    @Test
    void editsThatCannotBeHonouredAreRefusedBeforeATraceBegins() {
        HookPoint q = HookPoint.of(0, Site.Q);
        HookPoint pattern = HookPoint.of(0, Site.PATTERN);
        assertRefused("edit at blocks.0.ln1.hook_scale: nothing", Edits.of(at(Site.LN1_SCALE), Edit.zero()));
        assertRefused("edit at blocks.0.ln2.hook_normalized: nothing", Edits.of(at(Site.LN2_NORMALIZED), Edit.zero()));
        assertRefused("edit at blocks.0.attn.hook_result: nothing", Edits.of(at(Site.RESULT), Edit.zero()));
        assertRefused(
                "edit at blocks.0.hook_resid_mid: expected rows of 15 values, got 5",
                Edits.of(MID, Edit.add(new float[5], 1)));
        assertRefused(
                "edit at blocks.0.attn.hook_pattern: expected rows of as many keys for each of 3 heads, got 4",
                Edits.of(pattern, Edit.add(new float[4], 1)));
        assertRefused(
                "edit at blocks.0.attn.hook_pattern: a row has as many values as there are keys",
                Edits.of(pattern, Edit.projectOut(new float[] {1, 1, 1})));
        assertRefused(
                "edit at blocks.0.attn.hook_q: expected heads from 0 to 2, got 1+3",
                Edits.of(q, Edit.zero().onHeads(1, 3)));
        assertRefused(
                "edit at blocks.0.attn.hook_q: expected heads from 0 to 2, got none",
                Edits.of(q, Edit.zero().onHeads()));
        assertRefused(
                "edit at blocks.0.hook_resid_mid: expected no heads, for it has none, got heads 0",
                Edits.of(MID, Edit.zero().onHeads(0)));
        assertRefused(
                "edit at blocks.0.hook_resid_mid: edit position -4: expected from -3 on, for the prompt has 3 tokens",
                Edits.of(MID, Edit.zero().at(Span.at(-4))));
        assertRefused("hook points [blocks.9.hook_resid_mid]", Edits.of(HookPoint.of(9, Site.RESID_MID), Edit.zero()));
    }

    private static HookPoint at(Site site) {
        return HookPoint.of(0, site);
    }

    private void assertRefused(String begin, Edits edits) {
        var sink = new TraceRecorder();
        try (Weir weir = open()) {
            Prompt prompt = Prompt.of(1, 2, 3).edited(edits);
            Tracing tracing = Tracing.of(weir.select("resid_mid"), sink);
            var e = assertThrows(IllegalArgumentException.class, () -> weir.forward(List.of(prompt), tracing));
            assertTrue(e.getMessage().startsWith(begin), e.getMessage());
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
            var begun = assertThrows(IllegalStateException.class, () -> sink.end(new int[] {3}));
            assertEquals("the trace has not begun", begun.getMessage());
        }
    }

    @Test
    void theSameEditsAreTheSamePrompt() {
        Edits a = Edits.of(MID, Edit.scale(2));
        Edits b = Edits.of(MID, Edit.fill(1));
        Prompt prompt = Prompt.of("text");
        assertEquals(prompt, prompt.edited(Edits.NONE));
        assertEquals(a.and(b), prompt.edited(a).edited(b).edits());
        assertNotEquals(prompt.edited(a), prompt.edited(b));
        assertEquals("text", prompt.edited(a).toString());
    }
}
