package dev.weir.engine;

import dev.weir.backend.Backend;
import dev.weir.backend.RandomModel;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A small model on a machine, and what sessions of it make of one prompt. */
final class SmallModel implements AutoCloseable {

    static final ModelConfig CONFIG = new ModelConfig(40, 16, 12, 2, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
    static final HookPoint MID = HookPoint.of(0, Site.RESID_MID);
    static final int[] TOKENS = {3, 14, 15, 9, 26, 5, 35};

    private static final List<Site> EDITABLE = List.of(
            Site.RESID_PRE,
            Site.Q,
            Site.K,
            Site.V,
            Site.ATTN_SCORES,
            Site.PATTERN,
            Site.Z,
            Site.ATTN_OUT,
            Site.ATTN_SKIP,
            Site.RESID_MID,
            Site.MLP_IN,
            Site.MLP_PRE,
            Site.MLP_POST,
            Site.MLP_OUT,
            Site.MLP_SKIP,
            Site.RESID_POST);

    private final RandomModel model = new RandomModel(CONFIG, DType.FLOAT32, 5);
    private final Backend backend;
    private final Backend.LoadedWeights loaded;

    /** Takes the machine, and closes it in the end. */
    SmallModel(Backend backend) {
        this.backend = backend;
        loaded = backend.load(model.views);
    }

    Backend.LoadedWeights loaded() {
        return loaded;
    }

    Session session(int slots) {
        return session(loaded, slots);
    }

    Session session(Backend.LoadedWeights weights, int slots) {
        return new Session(
                CONFIG, model.weights, weights, backend.runsKept(), State.of(CONFIG, slots, CONFIG.context(), 32));
    }

    static Rows rows(int slot, int from, int to) {
        var slots = new int[to - from];
        Arrays.fill(slots, slot);
        int[] positions = IntStream.range(from, to).toArray();
        return new Rows(
                slots,
                positions,
                Arrays.copyOfRange(TOKENS, from, to),
                IntStream.range(0, to - from).toArray());
    }

    static float[] floats(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** The logits of all tokens in one step of a new session. */
    float[] logits(Hooks hooks) {
        try (Session session = session(1)) {
            return allLogits(session, rows(0, 0, TOKENS.length), hooks);
        }
    }

    static float[] allLogits(Session session, Rows rows, Hooks hooks) {
        Session.StepResult result = session.step(rows, hooks);
        var all = new float[rows.count() * CONFIG.vocabulary()];
        for (int r = 0; r < rows.count(); r++) {
            float[] row = floats(result.logits(r));
            System.arraycopy(row, 0, all, r * row.length, row.length);
        }
        return all;
    }

    static float[] random(long seed, int count) {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Edits of some points, of any kind. */
    static Hooks someEdits(long seed) {
        var random = new Random(seed);
        Hooks hooks = Hooks.NONE;
        for (Site site : EDITABLE) {
            HookPoint point = HookPoint.of(random.nextInt(CONFIG.layers()), site);
            int columns = CONFIG.dimensions().columns(site, CONFIG.context());
            Edit.OnMachine edit =
                    switch (random.nextInt(4)) {
                        case 0 -> Edit.add(random(seed, columns), 0.3f);
                        case 1 -> Edit.scale(0.7f);
                        case 2 -> Edit.replace(random(seed, 4 * columns), 4);
                        default ->
                            site.form() == Site.Form.SQUARE ? Edit.fill(0.1f) : Edit.projectOut(random(seed, columns));
                    };
            Edit.OnMachine some = edit.between(random.nextInt(3), 5);
            Edit.OnMachine ofHeads = site.hasHeads() && random.nextBoolean() ? some.onHeads(1) : some;
            hooks = random.nextBoolean() ? hooks.withEdit(point, ofHeads) : hooks;
        }
        return hooks;
    }

    @Override
    public void close() {
        loaded.close();
        backend.close();
    }
}
