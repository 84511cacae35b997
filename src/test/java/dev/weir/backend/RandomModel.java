package dev.weir.backend;

import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.program.Program;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/** A GPT-2 with random weights, for tests that run whole plans. */
public final class RandomModel {

    private static final int SHOWN_ROWS = 4096;

    public final ModelConfig config;
    public final Weights weights;
    public final Map<Tensor, WeightView> views = new HashMap<>();

    public RandomModel(ModelConfig config, DType type, long seed) {
        this.config = config;
        weights = Weights.of(config, type);
        var random = new Random(seed);
        for (Tensor weight : weights.all()) {
            views.put(weight, randomView(weight, random));
        }
    }

    private static WeightView randomView(Tensor weight, Random random) {
        DType stored = weight.type().isModelFloat() ? weight.type() : DType.FLOAT32;
        MemorySegment data = Arena.ofAuto().allocate(weight.size() * stored.bytes(), 4);
        boolean isNormWeight = weight.name().endsWith(".w");
        for (long i = 0; i < weight.size(); i++) {
            float value = (isNormWeight ? 1 : 0) + (float) random.nextGaussian() * 0.2f;
            stored.write(data, i * stored.bytes(), value);
        }
        return WeightView.rowMajor(data, stored, weight.columns());
    }

    public State state(int slots) {
        return State.of(config, slots, config.context(), SHOWN_ROWS);
    }

    /** Gives each slot the memory that it has for itself. */
    public static void givePages(Backend.Workspace workspace, State state) {
        var first = new int[state.pages().slots()];
        Arrays.setAll(first, slot -> slot * state.context());
        workspace.write(state.pages().table(), 0, MemorySegment.ofArray(first));
    }

    /** What a step showed. */
    public record Seen(Map<String, float[]> values) {
        public float[] at(String name) {
            return Objects.requireNonNull(values.get(name), name);
        }

        public float[] logits() {
            return at("logits");
        }
    }

    /** A run of this model on a machine, step after step. */
    public final class Run implements AutoCloseable {
        private final Backend.LoadedWeights loaded;
        private final Backend.Workspace workspace;
        private final State state;

        public Run(Backend backend, int slots) {
            loaded = backend.load(views);
            state = state(slots);
            workspace = loaded.allocate(state.all());
            givePages(workspace, state);
        }

        /** Processes the rows and returns the logits under "logits" and every tapped value under its name. */
        public Seen step(Rows rows, Hooks hooks, boolean fused) {
            int lastPosition = Arrays.stream(rows.positions()).max().orElseThrow();
            State step = state.step(rows.count(), rows.outputs().length, lastPosition + 1);
            Program program = Gpt2Forward.write(config, weights, step);
            Plan plan = fused ? Planner.plan(program, hooks) : Planner.planUnfused(program, hooks);
            Backend.Executable executable = workspace.compile(plan);
            Backend.Run run = executable.run(rows);
            var seen = new TreeMap<String, float[]>();
            seen.put("logits", floats(run.read(plan.results().getFirst())));
            plan.taps().forEach((point, value) -> seen.put(point.name(), floats(run.read(value))));
            return new Seen(seen);
        }

        @Override
        public void close() {
            workspace.close();
            loaded.close();
        }
    }

    private static float[] floats(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** Consecutive positions of slot 0; the logits of every row. */
    public static Rows rows(int[] tokens, int from, int to) {
        int count = to - from;
        var positions = new int[count];
        var outputs = new int[count];
        Arrays.setAll(positions, i -> from + i);
        Arrays.setAll(outputs, i -> i);
        return new Rows(new int[count], positions, Arrays.copyOfRange(tokens, from, to), outputs);
    }
}
