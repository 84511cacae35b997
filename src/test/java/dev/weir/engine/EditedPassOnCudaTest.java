package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.backend.CudaOptions;
import dev.weir.backend.cuda.SoftwareGpu;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;

/** Edits on a GPU: those of the CPU to the bit in exact mode, and as close to float64 in fast mode. */
@Tag("cuda")
class EditedPassOnCudaTest {

    private static final Options CPU = Options.DEFAULT.withDevice("cpu").withThreads(1);
    private static final Options FAST = Options.DEFAULT.withDevice("cuda");
    private static final Options EXACT = FAST.withCuda(CudaOptions.DEFAULT.withExact(true));

    /** The cases of a kind in one: edited at every site. */
    private static EditedCase everywhere(Edit.Arithmetic kind) {
        List<EditedCase> cases = EditedCase.everyKindAtEverySite()
                .filter(edited -> edited.edits().all().getFirst().edit() instanceof Edit.OnMachine edit
                        && edit.arithmetic() == kind)
                .toList();
        EditedCase any = cases.getFirst();
        Edits edits = cases.stream().map(EditedCase::edits).reduce(Edits.NONE, Edits::and);
        return new EditedCase(any.config(), any.seed(), any.tokens(), edits);
    }

    @Property
    void editedAtEverySiteAPassIsTheCpusBitForBitInExactMode(@ForAll Edit.Arithmetic kind) {
        requireSameOnTheCpu(everywhere(kind));
    }

    @Property
    void editedAtEverySiteAPassIsCloseToFloat64InFastModeAndRacesWithNothing(@ForAll Edit.Arithmetic kind) {
        EditedCase edited = everywhere(kind);
        if (SoftwareGpu.isPresent()) {
            SoftwareGpu.order(SoftwareGpu.Order.REVERSE);
            SoftwareGpu.checks(SoftwareGpu.Checks.ALL);
        }
        try (Weir gpu = edited.open(FAST)) {
            edited.requireClose(edited.run(gpu));
        } finally {
            if (SoftwareGpu.isPresent()) {
                SoftwareGpu.reset();
            }
        }
    }

    @Property(tries = 8, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void anyEditsTogetherAreTheCpusBitForBitInExactMode(@ForAll long seed) {
        requireSameOnTheCpu(EditedCase.random(seed));
    }

    @Property(tries = 8, seed = "2026", shrinking = ShrinkingMode.OFF)
    void anyEditsTogetherAreCloseToFloat64InFastMode(@ForAll long seed) {
        EditedCase edited = EditedCase.random(seed);
        try (Weir gpu = edited.open(FAST)) {
            edited.requireClose(edited.run(gpu));
        }
    }

    /** The step has as many rows, so the same kernels run; only an edit of scores or of a pattern exchanges one. */
    @Property(tries = 8, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void whatARequestBesideItDoesChangesNoBitOfARequestInFastMode(@ForAll long seed) {
        EditedCase given = EditedCase.random(seed);
        Edits edits = new Edits(given.edits().all().stream()
                .filter(at -> at.point().site().form() != Site.Form.SQUARE)
                .toList());
        Prompt plain = Prompt.of(given.tokens());
        try (Weir gpu = given.open(FAST)) {
            Trace beside = run(gpu, plain.edited(edits), plain);
            Trace unedited = run(gpu, plain, plain);
            for (HookPoint point : beside.points()) {
                assertArrayEquals(second(unedited, point), second(beside, point), point + " beside " + given);
            }
        }
    }

    private static Trace run(Weir weir, Prompt... prompts) {
        var recorder = new TraceRecorder();
        weir.forward(List.of(prompts), Tracing.of(Hooks.tap(weir.hookPoints()), recorder));
        return recorder.trace();
    }

    /** What the second of two sequences of equal length has at a point. */
    private static float[] second(Trace trace, HookPoint point) {
        float[] both = trace.get(point).data();
        return Arrays.copyOfRange(both, both.length / 2, both.length);
    }

    private static void requireSameOnTheCpu(EditedCase edited) {
        try (Weir cpu = edited.open(CPU);
                Weir gpu = edited.open(EXACT)) {
            Trace expected = edited.run(cpu);
            Trace got = edited.run(gpu);
            assertEquals(expected.points(), got.points());
            for (HookPoint point : expected.points()) {
                assertArrayEquals(expected.get(point).data(), got.get(point).data(), point + " of " + edited);
            }
        }
    }
}
