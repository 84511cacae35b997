package dev.weir.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PlannerTest {

    private static final Edit NOTHING = new Edit.OnHost((point, rows, values, columns) -> {});

    private static Program gpt2(int layers, int rows) {
        var config = new ModelConfig(31, 16, 12, layers, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
        var state = State.of(config, 2, 16, rows).step(rows, 1, 16);
        return Gpt2Forward.write(config, Weights.of(config, DType.FLOAT32), state);
    }

    /** A program of random ops over values of one shape, some of which nobody reads. */
    private static Program random(Random random) {
        var inputs = State.of(new ModelConfig(7, 4, 4, 1, 1, 4, Activation.RELU, 1e-5f, true, false), 1, 4, 3)
                .inputs();
        var writer = new ProgramWriter(inputs);
        var table = new Tensor(0, "table", DType.FLOAT32, 7, 4, Tensor.Role.WEIGHT);
        var square = new ProgramWriter.Affine(
                new Tensor(1, "w", DType.FLOAT32, 4, 4, Tensor.Role.WEIGHT),
                new Tensor(2, "b", DType.FLOAT32, 1, 4, Tensor.Role.WEIGHT));
        var values = new ArrayList<Tensor>(List.of(writer.embed(table, inputs.tokens())));
        int layers = 1 + random.nextInt(12);
        for (int layer = 0; layer < layers; layer++) {
            Tensor a = values.get(random.nextInt(values.size()));
            Tensor b = values.get(random.nextInt(values.size()));
            Tensor out =
                    switch (random.nextInt(4)) {
                        case 0 -> writer.add(a, b);
                        case 1 -> writer.linear(a, square);
                        case 2 -> writer.activate(a, Activation.GELU);
                        default -> writer.layerNorm(a, square, 1e-5f).out();
                    };
            values.add(random.nextBoolean() ? writer.hook(layer, Site.RESID_MID, out) : out);
        }
        return writer.results(values.getLast());
    }

    private static Hooks someTaps(Program program, Random random) {
        return Hooks.tap(
                program.points().stream().filter(p -> random.nextBoolean()).toList());
    }

    @Property(tries = 300)
    void readsAddNoOp(@ForAll long seed) {
        var random = new Random(seed);
        for (Program program : List.of(random(random), gpt2(1 + random.nextInt(3), 1 + random.nextInt(5)))) {
            Set<Tensor> computed = Planner.planUnfused(program, Hooks.NONE)
                    .ops()
                    .flatMap(op -> Stream.concat(op.outs().stream(), op.asides().stream()))
                    .collect(Collectors.toSet());
            var everything = Hooks.tap(program.points());
            var seen = new TreeMap<>(Planner.plan(program, everything).taps());
            seen.values().retainAll(computed);
            seen.keySet().removeIf(p -> random.nextBoolean());
            assertEquals(
                    names(Planner.plan(program, Hooks.NONE)), names(Planner.plan(program, Hooks.tap(seen.keySet()))));
        }
    }

    @Test
    void onlyHeadResultsCostAnOp() {
        Program program = gpt2(3, 2);
        int plain = names(Planner.plan(program, Hooks.NONE)).size();
        assertEquals(
                plain + 3,
                names(Planner.plan(program, Hooks.tap(program.points()))).size());
    }

    private static List<String> names(Plan plan) {
        return plan.ops().map(op -> op.name() + op.outs()).toList();
    }

    @Property(tries = 300)
    void aReaderAlwaysFindsWhatItsWriterLeft(@ForAll long seed) {
        var random = new Random(seed);
        for (Program program : List.of(random(random), gpt2(1 + random.nextInt(3), 1 + random.nextInt(5)))) {
            Hooks hooks = someTaps(program, random);
            for (HookPoint point : program.points()) {
                if (random.nextInt(6) == 0 && isRead(program, point)) {
                    boolean arithmetic = random.nextBoolean() && isOfEveryRow(program, point);
                    hooks = hooks.withEdit(point, arithmetic ? Edit.zero() : NOTHING);
                }
            }
            requireIntactValues(Planner.plan(program, hooks));
            requireIntactValues(Planner.planUnfused(program, hooks));
        }
    }

    private static boolean isRead(Program program, HookPoint point) {
        var out = program.ops().stream()
                .filter(op -> op instanceof Op.Hook hook && hook.point().equals(point))
                .map(op -> op.outs().getFirst())
                .findFirst()
                .orElseThrow();
        return program.results().contains(out)
                || program.ops().stream().anyMatch(op -> op.ins().contains(out));
    }

    private static boolean isOfEveryRow(Program program, HookPoint point) {
        return program.ops().stream()
                .anyMatch(op -> op instanceof Op.Hook hook
                        && hook.point().equals(point)
                        && hook.x().rows() == program.inputs().rows());
    }

    /**
     * Plays the plan and watches every 64 bytes: whoever reads a value must find its writer's there, and so must a machine that reads
     * it once more while the next op writes.
     */
    private static void requireIntactValues(Plan plan) {
        Map<Plan.Slab, int[]> owners = Map.of(
                Plan.Slab.SCRATCH, new int[(int) plan.scratchBytes() / 64],
                Plan.Slab.TRACE, new int[(int) plan.traceBytes() / 64]);
        List<Tensor> before = List.of();
        for (Step step : plan.steps()) {
            switch (step) {
                case Step.Device device -> {
                    for (Op op : device.ops()) {
                        play(plan, owners, op.ins(), born(op));
                        before.forEach(value -> requireOwned(plan, owners, value));
                        before = op.ins();
                    }
                }
                case Step.Host host -> {
                    play(plan, owners, List.of(host.x()), List.of(host.out()));
                    before.forEach(value -> requireOwned(plan, owners, value));
                    before = List.of(host.x());
                }
            }
        }
        plan.results().forEach(result -> requireOwned(plan, owners, result));
        plan.taps().values().forEach(t -> requireOwned(plan, owners, t));
    }

    private static List<Tensor> born(Op op) {
        return Stream.concat(op.outs().stream(), op.asides().stream())
                .filter(t -> t.role() == Tensor.Role.VALUE)
                .toList();
    }

    private static void play(Plan plan, Map<Plan.Slab, int[]> owners, List<Tensor> ins, List<Tensor> outs) {
        ins.forEach(t -> requireOwned(plan, owners, t));
        outs.forEach(t -> plan.place(t).ifPresent(place -> {
            for (int cell : cells(place, t)) {
                owners.get(place.slab())[cell] = t.id();
            }
        }));
        ins.forEach(t -> requireOwned(plan, owners, t));
        outs.forEach(t -> requireOwned(plan, owners, t));
    }

    private static void requireOwned(Plan plan, Map<Plan.Slab, int[]> owners, Tensor t) {
        plan.place(t).ifPresent(place -> {
            for (int cell : cells(place, t)) {
                assertEquals(t.id(), owners.get(place.slab())[cell], t + " was overwritten");
            }
        });
    }

    private static int[] cells(Plan.Place place, Tensor t) {
        int from = (int) (place.offset() / 64);
        int count = (int) ((t.bytes() + 63) / 64);
        return IntStream.range(from, from + count).toArray();
    }

    @Property(tries = 50)
    void everyValueThatIsReadHasAPlace(@ForAll @IntRange(min = 1, max = 4) int layers, @ForAll long seed) {
        Program program = gpt2(layers, 3);
        Plan plan = Planner.plan(program, someTaps(program, new Random(seed)));
        plan.ops()
                .flatMap(op -> Stream.concat(op.ins().stream(), op.outs().stream()))
                .filter(t -> t.role() == Tensor.Role.VALUE)
                .forEach(t -> assertTrue(plan.place(t).isPresent(), t.toString()));
        plan.taps()
                .values()
                .forEach(t -> assertEquals(
                        Plan.Slab.TRACE, plan.place(t).orElseThrow().slab()));
    }

    @Test
    void twoNamesOfOneValueShareOneSnapshot() {
        var post = HookPoint.of(0, Site.RESID_POST);
        var pre = HookPoint.of(1, Site.RESID_PRE);
        Plan plan = Planner.plan(gpt2(2, 3), Hooks.tap(List.of(post, pre)));
        assertEquals(plan.taps().get(post), plan.taps().get(pre));
        assertEquals(Math.ceilDiv(3 * 12 * 4, 64) * 64L, plan.traceBytes());
    }

    @Test
    void theForwardPassFusesIntoNineOpsABlock() {
        var perBlock = names(Planner.plan(gpt2(3, 1), Hooks.NONE)).size()
                - names(Planner.plan(gpt2(2, 1), Hooks.NONE)).size();
        assertEquals(9, perBlock);
    }

    @Test
    void withoutEditsThePlanIsWhatItWasBeforeThereWereAny() {
        List<String> block = List.of(
                "LinearGroup", "Append", "Append", "Attention", "Linear", "AddLayerNorm", "LinearActivate", "Linear");
        var expected = new ArrayList<>(List.of("Embed", "Embed", "AddLayerNorm"));
        expected.addAll(block);
        expected.add("AddLayerNorm");
        expected.addAll(block);
        expected.addAll(List.of("Add", "SelectRows", "LayerNorm", "Linear"));
        Program program = gpt2(2, 3);
        assertEquals(
                expected, Planner.plan(program, Hooks.NONE).ops().map(Op::name).toList());
        List<HookPoint> places = program.points().stream()
                .filter(p -> List.of(Site.ATTN_SKIP, Site.MLP_IN, Site.MLP_SKIP).contains(p.site()))
                .toList();
        assertEquals(6, places.size());
        assertEquals(
                expected,
                Planner.plan(program, Hooks.tap(places)).ops().map(Op::name).toList(),
                "places to write at are names");
    }

    @Test
    void anEditOfThePatternOpensTheAttentionOfItsBlockOnly() {
        for (Site site : List.of(Site.ATTN_SCORES, Site.PATTERN)) {
            var point = HookPoint.of(1, site);
            Plan plan = Planner.plan(gpt2(2, 3), Hooks.tap(List.of(point)).withEdit(point, Edit.scale(2)));
            List<String> names = plan.ops()
                    .map(Op::name)
                    .filter(name -> name.startsWith("Attention") || name.equals("Scale"))
                    .toList();
            assertEquals(
                    site == Site.PATTERN
                            ? List.of("Attention", "AttentionScores", "AttentionPattern", "Scale", "AttentionMix")
                            : List.of("Attention", "AttentionScores", "Scale", "AttentionPattern", "AttentionMix"),
                    names);
            Op.Scale scale = plan.ops()
                    .filter(Op.Scale.class::isInstance)
                    .map(Op.Scale.class::cast)
                    .findFirst()
                    .orElseThrow();
            assertEquals(plan.taps().get(point), scale.out());
            assertEquals(3, scale.groups());
        }
    }

    @Test
    void editsAtOnePointAreOpsInTheirOrder() {
        var point = HookPoint.of(0, Site.Z);
        Edits edits = Edits.of(point, Edit.scale(2)).and(point, NOTHING).and(point, Edit.fill(1));
        Plan plan = Planner.plan(gpt2(1, 3), Hooks.tap(List.of(point)).withEdits(edits));
        assertEquals(3, plan.steps().size());
        List<Op.Edited> ops = plan.ops()
                .filter(Op.Edited.class::isInstance)
                .map(Op.Edited.class::cast)
                .toList();
        Step.Host host = (Step.Host) plan.steps().get(1);
        assertEquals(ops.getFirst().out(), host.x());
        assertEquals(host.out(), ops.getLast().x());
        assertEquals(plan.taps().get(point), ops.getLast().out());
        assertEquals(
                "edits.blocks.0.attn.hook_z.2.operand[1x12]",
                ops.getLast().operand().orElseThrow().toString());
        requireIntactValues(plan);
    }

    @Test
    void headsAreToldApartUpToSixtyFour() {
        var config = new ModelConfig(9, 8, 65, 1, 65, 4, Activation.RELU, 1e-5f, true, false);
        var state = State.of(config, 1, 8, 3).step(3, 1, 8);
        Program program = Gpt2Forward.write(config, Weights.of(config, DType.FLOAT32), state);
        var point = HookPoint.of(0, Site.Q);
        Op.Edited op = Planner.plan(program, Hooks.edit(point, Edit.zero()))
                .ops()
                .filter(Op.Edited.class::isInstance)
                .map(Op.Edited.class::cast)
                .findFirst()
                .orElseThrow();
        assertEquals(1, op.groups());
        var e = assertThrows(
                IllegalArgumentException.class,
                () -> Planner.plan(program, Hooks.edit(point, Edit.zero().onHeads(3))));
        assertEquals(
                "edit at blocks.0.attn.hook_q: heads can be told apart where there are at most 64, here are 65",
                e.getMessage());
    }

    @Test
    void rowsAreLaidOutAsThePlanHasThem() {
        var square = HookPoint.of(0, Site.PATTERN);
        Edit.OnMachine keys = Edit.replace(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 3);
        EditState wider = EditState.of(square, 0, keys, 6, 2, 1);
        assertArrayEquals(
                new float[] {1, 2, 0, 3, 4, 0, 5, 6, 0, 7, 8, 0, 9, 10, 0, 11, 12, 0, 9, 10, 0, 11, 12, 0},
                wider.lay(keys.operand().orElseThrow()));
        EditState narrower = EditState.of(square, 0, keys, 2, 2, 1);
        assertArrayEquals(
                new float[] {1, 3, 5, 7, 9, 11, 9, 11},
                narrower.lay(keys.operand().orElseThrow()));
        Edit.OnMachine fill = Edit.fill(4);
        EditState everywhere = EditState.of(HookPoint.of(0, Site.RESID_MID), 0, fill, 3, 1, 1);
        assertArrayEquals(new float[] {4, 4, 4}, everywhere.lay(fill.operand().orElseThrow()));
    }

    @Test
    void aHostEditCutsAndItsTapSeesWhatFlowsOn() {
        var point = HookPoint.of(1, Site.RESID_MID);
        Plan plan = Planner.plan(gpt2(2, 3), Hooks.tap(List.of(point)).withEdit(point, NOTHING));
        assertEquals(3, plan.steps().size());
        assertTrue(plan.steps().get(1) instanceof Step.Host host
                && plan.taps().get(point).equals(host.out()));
    }

    @Test
    void arithmeticIsAnOpThatCutsNothing() {
        var point = HookPoint.of(1, Site.RESID_MID);
        Program program = gpt2(2, 3);
        Plan plain = Planner.plan(program, Hooks.NONE);
        Plan plan = Planner.plan(program, Hooks.tap(List.of(point)).withEdit(point, Edit.add(new float[12], 2)));
        assertEquals(1, plan.steps().size());
        Op.AddVector op = plan.ops()
                .filter(Op.AddVector.class::isInstance)
                .map(Op.AddVector.class::cast)
                .findFirst()
                .orElseThrow();
        assertEquals(plan.taps().get(point), op.out());
        assertEquals("edits.blocks.1.hook_resid_mid.operand[1x12]", op.vector().toString());
        assertEquals(
                "edits.blocks.1.hook_resid_mid.controls[2x5]", op.controls().toString());
        assertEquals(plain.ops().count() + 2, plan.ops().count(), "the edit, and a sum and a norm that it keeps apart");
    }

    @Test
    void editsOfOneShapeHaveEqualPlans() {
        var point = HookPoint.of(1, Site.RESID_MID);
        Program program = gpt2(2, 3);
        Plan plan = Planner.plan(program, Hooks.edit(point, Edit.add(new float[12], 2)));
        Edit other =
                Edit.add(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 3).between(1, 2);
        assertEquals(plan, Planner.plan(program, Hooks.edit(point, other)));
        assertNotEquals(plan, Planner.plan(program, Hooks.edit(point, Edit.replace(new float[12], 1))));
        assertNotEquals(
                Planner.plan(program, Hooks.edit(point, Edit.replace(new float[12], 1))),
                Planner.plan(program, Hooks.edit(point, Edit.replace(new float[24], 2))));
    }

    @Test
    void everyEditHasStateOfItsOwn() {
        var ids = new TreeSet<Integer>();
        for (HookPoint point : HookPoint.all(3)) {
            EditState state = EditState.of(point, 0, Edit.add(new float[1], 1), 1, 1, 1);
            assertTrue(
                    ids.add(state.controls().id())
                            && ids.add(state.operand().orElseThrow().id()),
                    point.name());
        }
    }

    @Test
    void anEditNeedsTheSlotAndPositionOfEveryRow() {
        var point = HookPoint.of(Site.UNEMBED_OUT);
        var e = assertThrows(
                IllegalArgumentException.class, () -> Planner.plan(gpt2(2, 3), Hooks.edit(point, Edit.zero())));
        assertEquals("edit at unembed.hook_out: expected a value of all 3 rows of a step, got 1", e.getMessage());
    }

    @Test
    void aHookThatCannotBeHonouredIsRefusedByName() {
        var nowhere = HookPoint.of(9, Site.RESID_MID);
        var unread = HookPoint.of(0, Site.LN1_SCALE);
        for (Hooks hooks :
                List.of(Hooks.tap(List.of(nowhere)), Hooks.edit(nowhere, NOTHING), Hooks.edit(unread, NOTHING))) {
            var e = assertThrows(IllegalArgumentException.class, () -> Planner.plan(gpt2(2, 3), hooks));
            assertTrue(e.getMessage().contains(hooks.points().iterator().next().name()), e.getMessage());
        }
    }

    @Test
    void everyNamedPointIsInTheForwardPass() {
        assertEquals(new TreeSet<>(HookPoint.all(3)), new TreeSet<>(gpt2(3, 1).points()));
        assertEquals(HookPoint.all(3), gpt2(3, 1).points());
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        var writer = new ProgramWriter(gpt2(1, 2).inputs());
        var a = new Tensor(1, "a", DType.FLOAT32, 2, 3, Tensor.Role.VALUE);
        var b = new Tensor(2, "b", DType.FLOAT32, 2, 4, Tensor.Role.VALUE);
        var e = assertThrows(IllegalArgumentException.class, () -> writer.add(a, b));
        assertEquals("add: a[2x3] does not fit b[2x4]", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> writer.linear(a, b));
    }
}
