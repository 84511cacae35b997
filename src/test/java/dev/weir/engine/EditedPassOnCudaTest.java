package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.backend.cuda.CudaOptions;
import dev.weir.backend.cuda.SoftwareGpu;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Trace;
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
