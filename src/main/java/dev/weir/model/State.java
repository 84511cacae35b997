package dev.weir.model;

import dev.weir.program.Inputs;
import dev.weir.program.SamplerSettings;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a session keeps from step to step: the rows of the step at hand, and of every slot how its tokens are chosen and its keys and
 * values.
 *
 * @param samplers int32 [slots, {@value SamplerSettings#WORDS}], see {@link SamplerSettings}
 * @param seen int32 [slots, V], see {@link dev.weir.program.Op.Sample}
 * @param biases the bits of float32 [slots, V], see {@link dev.weir.program.Op.Sample}
 * @param context positions of each slot
 * @param shownKeys K, the keys that traced scores and patterns have room for
 */
public record State(
        Inputs inputs, Tensor samplers, Tensor seen, Tensor biases, List<Cache> caches, int context, int shownKeys) {

    private static final int FIRST_ID = 1 << 16; // above the weights, below the values of a program

    public State {
        caches = List.copyOf(caches);
    }

    /** Keys and values of one layer, [slots x context, D] each. */
    public record Cache(Tensor keys, Tensor values) {}

    /**
     * The state of a session.
     *
     * @param slots sequences that it holds at a time
     * @param context positions of each
     * @param maxRows the most rows of a step
     */
    public static State of(ModelConfig c, int slots, int context, int maxRows) {
        int id = FIRST_ID;
        var inputs = new Inputs(
                integers(id++, "tokens", maxRows, 1),
                integers(id++, "positions", maxRows, 1),
                integers(id++, "slots", maxRows, 1),
                integers(id++, "outputs", maxRows, 1));
        Tensor samplers = integers(id++, "samplers", slots, SamplerSettings.WORDS);
        Tensor seen = integers(id++, "seen", slots, c.vocabulary());
        Tensor biases = integers(id++, "biases", slots, c.vocabulary());
        int cacheRows = Math.multiplyExact(slots, context);
        var caches = new ArrayList<Cache>();
        for (int l = 0; l < c.layers(); l++) {
            String prefix = "blocks." + l + ".cache.";
            caches.add(new Cache(
                    new Tensor(id++, prefix + "keys", DType.FLOAT32, cacheRows, c.width(), Tensor.Role.STATE),
                    new Tensor(id++, prefix + "values", DType.FLOAT32, cacheRows, c.width(), Tensor.Role.STATE)));
        }
        return new State(inputs, samplers, seen, biases, caches, context, context);
    }

    private static Tensor integers(int id, String name, int rows, int columns) {
        return new Tensor(id, name, DType.INT32, rows, columns, Tensor.Role.STATE);
    }

    /** The same memory, of which a step uses so much. */
    public State step(int rows, int outputs, int keys) {
        return new State(
                new Inputs(
                        first(rows, inputs.tokens()),
                        first(rows, inputs.positions()),
                        first(rows, inputs.slots()),
                        first(outputs, inputs.outputs())),
                samplers,
                seen,
                biases,
                caches,
                context,
                keys);
    }

    private static Tensor first(int rows, Tensor t) {
        return new Tensor(t.id(), t.name(), t.type(), rows, t.columns(), t.role());
    }

    /** Every tensor of the state. */
    public List<Tensor> all() {
        return Stream.concat(
                        Stream.of(
                                inputs.tokens(),
                                inputs.positions(),
                                inputs.slots(),
                                inputs.outputs(),
                                samplers,
                                seen,
                                biases),
                        caches.stream().flatMap(cache -> Stream.of(cache.keys, cache.values)))
                .toList();
    }
}
