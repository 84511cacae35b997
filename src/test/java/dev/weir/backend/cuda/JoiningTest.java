package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.model.Ending;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Activation;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.program.Step;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How many launches a step is. */
class JoiningTest {

    private static final ModelConfig GPT2 =
            new ModelConfig(50257, 1024, 768, 12, 12, 3072, Activation.GELU_NEW, 1e-5f, true, false);
    static final Algorithms FAST = new Algorithms(false, false, 132);
    private static final Algorithms EXACT = new Algorithms(true, false, 132);

    /** A block: norm, q, k, v and the cache; attention; projection and residual; norm and first layer; second and residual. */
    private static final int BLOCK = 5;

    /** Two embeddings and their sum; the wanted rows, the last norm with the logits, the next token. */
    private static final int ENDS = 6;

    private static Plan plan(int rows, Hooks hooks) {
        return plan(rows, DType.FLOAT32, hooks);
    }

    static Plan plan(int rows, DType type, Hooks hooks) {
        State state = State.of(GPT2, 8, GPT2.context(), 1024).step(rows, 1, GPT2.context());
        var program = Gpt2Forward.write(
                GPT2, Weights.of(GPT2, type), state, new Ending(Ending.Results.TOKENS, Ending.Until.BLOCKS));
        return Planner.plan(program, hooks);
    }

    static List<Piece> pieces(Plan plan, Algorithms algorithms, boolean joins) {
        var joining = new Joining(plan, algorithms, joins);
        return plan.steps().stream()
                .flatMap(step -> switch (step) {
                    case Step.Device device -> joining.join(device.ops()).stream();
                    case Step.Host host -> List.<Piece>of().stream();
                })
                .toList();
    }

    private static int launches(Hooks hooks) {
        return pieces(plan(1, hooks), FAST, true).size();
    }

    @Test
    void aTokenOfGpt2IsFiveLaunchesABlock() {
        assertEquals(12 * BLOCK + ENDS, launches(Hooks.NONE));
    }

    @Test
    void eightRowsAreAsManyLaunchesAsOne() {
        assertEquals(12 * BLOCK + ENDS, pieces(plan(8, Hooks.NONE), FAST, true).size());
    }

    @Test
    void whatIsReadCostsNoLaunchButScoresAndHeads() {
        List<HookPoint> points = HookPoint.all(12).stream()
                .filter(point -> point.name().startsWith("blocks."))
                .filter(point -> !point.name().endsWith("hook_result"))
                .filter(point -> !point.name().endsWith("hook_attn_scores"))
                .filter(point -> !point.name().endsWith("hook_pattern"))
                .toList();
        assertEquals(12 * BLOCK + ENDS, launches(Hooks.tap(points)));
    }

    @Test
    void anEditOfTheStreamIsOneLaunch() {
        assertEquals(12 * BLOCK + ENDS + 1, launches(Hooks.edit(HookPoint.of(3, Site.RESID_MID), Edit.scale(2))));
    }

    @Test
    void exactAndSingleOpsAreNotJoined() {
        Plan plan = plan(1, Hooks.NONE);
        assertEquals(plan.ops().count(), pieces(plan, EXACT, false).size());
        assertEquals(plan.ops().count(), pieces(plan, FAST, false).size());
    }

    @Test
    void manyRowsAreNotJoinedButForTheLogits() {
        Plan plan = plan(9, Hooks.NONE);
        List<Piece> pieces = pieces(plan, FAST, true);
        assertEquals(plan.ops().count() - 1, pieces.size());
        assertTrue(pieces.get(pieces.size() - 2) instanceof Piece.Product product
                && product.norm().isPresent());
    }

    @Test
    void aProductIsNotJoinedToWhatWouldWriteOverItsRows() {
        Plan plan = plan(1, Hooks.NONE);
        Op.Linear projection = plan.ops()
                .filter(Op.Linear.class::isInstance)
                .map(Op.Linear.class::cast)
                .findFirst()
                .orElseThrow();
        var add = new Op.Add(projection.x(), projection.out(), plan.results().getFirst());
        List<Piece> pieces = new Joining(plan, FAST, true).join(List.of(projection, add));
        assertEquals(
                List.of(
                        new Piece.Product(
                                Optional.empty(),
                                Optional.empty(),
                                List.of(projection),
                                Optional.empty(),
                                Optional.empty(),
                                List.of()),
                        new Piece.Single(add)),
                pieces);
    }
}
