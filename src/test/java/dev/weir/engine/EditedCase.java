package dev.weir.engine;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.oracle.Bounds;
import dev.weir.oracle.Float64Gpt2;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A random model, a prompt, and edits of it: what any machine must make of them is what float64 makes of them. */
record EditedCase(ModelConfig config, long seed, int[] tokens, Edits edits) {

    /** The sites whose values something reads. */
    static final List<Site> EDITABLE = Arrays.stream(Site.values())
            .filter(site -> !site.suffix().contains("ln") && site != Site.RESULT)
            .toList();

    /** Odd sizes, one to four heads, one to three blocks, one to five edits anywhere. */
    static EditedCase random(long seed) {
        var random = new Random(seed);
        ModelConfig config = config(random);
        int[] tokens =
                random.ints(1 + random.nextInt(20), 0, config.vocabulary()).toArray();
        Edits edits = Edits.NONE;
        for (int i = 1 + random.nextInt(5); i > 0; i--) {
            Site site = EDITABLE.get(random.nextInt(EDITABLE.size()));
            edits = edits.and(point(site, config, random), edit(site, config, random));
        }
        return new EditedCase(config, seed, tokens, edits);
    }

    private static ModelConfig config(Random random) {
        int heads = 1 + random.nextInt(4);
        return new ModelConfig(
                17 + random.nextInt(60),
                24,
                heads * (7 + random.nextInt(10)), // a norm of a few values enlarges errors without limit
                1 + random.nextInt(3),
                heads,
                1 + random.nextInt(70),
                Activation.values()[random.nextInt(3)],
                1e-5f,
                random.nextBoolean(),
                random.nextBoolean());
    }

    /** Every kind of edit at every site where it can be made, in the second of two blocks. */
    static Stream<EditedCase> everyKindAtEverySite() {
        var config = new ModelConfig(23, 24, 15, 2, 3, 11, Activation.GELU_NEW, 1e-5f, true, false);
        var random = new Random(1);
        int[] tokens = random.ints(9, 0, config.vocabulary()).toArray();
        return EDITABLE.stream().flatMap(site -> Arrays.stream(Edit.Arithmetic.values())
                .filter(arithmetic -> canBeMade(arithmetic, site))
                .map(arithmetic -> {
                    HookPoint point = site.inBlock() ? HookPoint.of(1, site) : HookPoint.of(site);
                    Edit edit = restricted(arithmetic(arithmetic, site, config, random), site, config, random);
                    return new EditedCase(config, 5, tokens, Edits.of(point, edit));
                }));
    }

    private static boolean canBeMade(Edit.Arithmetic arithmetic, Site site) {
        return arithmetic != Edit.Arithmetic.PROJECT_OUT || site.form() != Site.Form.SQUARE;
    }

    private static HookPoint point(Site site, ModelConfig config, Random random) {
        return site.inBlock() ? HookPoint.of(random.nextInt(config.layers()), site) : HookPoint.of(site);
    }

    /** Some edit that can be made there. */
    static Edit edit(Site site, ModelConfig config, Random random) {
        Edit.Arithmetic[] all = Edit.Arithmetic.values();
        int kind = random.nextInt(all.length + 1);
        if (kind == all.length || !canBeMade(all[kind], site)) {
            return new Edit.OnHost((point, rows, values, columns) -> {
                for (int i = 0;
                        i < values.length;
                        i++) { // no shift: the norm of an almost constant row enlarges errors without limit
                    values[i] *= 0.75f + 0.125f * rows.positions()[i / columns % rows.count()];
                }
            });
        }
        return restricted(arithmetic(all[kind], site, config, random), site, config, random);
    }

    private static Edit.OnMachine restricted(Edit.OnMachine edit, Site site, ModelConfig config, Random random) {
        Edit.OnMachine some =
                switch (random.nextInt(4)) {
                    case 0 -> edit;
                    case 1 -> edit.at(Span.at(random.nextInt(5)));
                    case 2 -> edit.at(Span.from(random.nextInt(5)));
                    default -> edit.between(random.nextInt(3), 3 + random.nextInt(5));
                };
        return site.hasHeads() && random.nextBoolean() ? some.onHeads(random.nextInt(config.heads())) : some;
    }

    private static Edit.OnMachine arithmetic(Edit.Arithmetic arithmetic, Site site, ModelConfig config, Random random) {
        int rows = 1 + random.nextInt(6);
        int columns = config.dimensions().columns(site, 1 + random.nextInt(30));
        return switch (arithmetic) {
            case ADD -> Edit.add(values(rows * columns, random), rows, 0.5f);
            case SCALE -> Edit.scale((float) random.nextGaussian());
            case REPLACE -> Edit.replace(values(rows * columns, random), rows);
            case PROJECT_OUT -> Edit.projectOut(values(columns, random)).withStrength(random.nextBoolean() ? 1 : 0.5f);
        };
    }

    private static float[] values(int count, Random random) {
        var values = new float[count];
        IntStream.range(0, count).forEach(i -> values[i] = (float) random.nextGaussian());
        return values;
    }

    Weir open(Options options) {
        return Weir.of(new SyntheticWeights("random", config, DType.FLOAT32, seed), options);
    }

    /** Every point of one pass over the prompt. */
    Trace run(Weir weir) {
        var recorder = new TraceRecorder();
        weir.forward(List.of(Prompt.of(tokens).edited(edits)), Tracing.of(Hooks.tap(weir.hookPoints()), recorder));
        return recorder.trace();
    }

    /** Fails where a pass is further from float64 than the bounds allow. */
    void requireClose(Trace got) {
        Weights names = Weights.of(config, DType.FLOAT32);
        var source = new SyntheticWeights("random", config, DType.FLOAT32, seed);
        Map<String, double[]> expected = Float64Gpt2.run(config, names, source.views(names), tokens, edits);
        for (HookPoint point : got.points()) {
            Bounds.requireEditedClose(
                    point, expected.get(point.name()), got.get(point).data());
        }
    }

    @Override
    public String toString() {
        return edits.all().stream()
                .map(at -> at.point() + " "
                        + (at.edit() instanceof Edit.OnMachine edit
                                ? edit.arithmetic() + " at " + edit.span() + " of heads " + edit.heads()
                                : "Java"))
                .toList()
                .toString();
    }
}
