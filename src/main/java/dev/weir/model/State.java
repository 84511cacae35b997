package dev.weir.model;

import dev.weir.program.Inputs;
import dev.weir.program.Pages;
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
 * @param pages where the positions of each slot lie in the caches
 * @param shownKeys K, the keys that traced scores and patterns have room for
 */
public record State(
        Inputs inputs, Tensor samplers, Tensor seen, Tensor biases, Pages pages, List<Cache> caches, int shownKeys) {

    private static final int FIRST_ID = 1 << 16; // above the weights, below the values of a program

    public State {
        caches = List.copyOf(caches);
    }

    /** Keys and values of one layer, [rows of all pages, D] each. */
    public record Cache(Tensor keys, Tensor values) {}

    /**
     * The state of a session whose slots have memory of their own: one page each.
     *
     * @param slots sequences that it holds at a time
     * @param context positions of each
     * @param maxRows the most rows of a step
     */
    public static State of(ModelConfig c, int slots, int context, int maxRows) {
        return of(c, slots, context, Pages.WHOLE, slots, maxRows);
    }

    /**
     * The state of a session whose slots take pages from a common store.
     *
     * @param slots sequences that it holds at a time
     * @param context positions of each
     * @param shift the logarithm of the positions of a page, as in {@link Pages}
     * @param pages that there are for all slots
     * @param maxRows the most rows of a step
     */
    public static State of(ModelConfig c, int slots, int context, int shift, int pages, int maxRows) {
        int id = FIRST_ID;
        var inputs = new Inputs(
                integers(id++, "tokens", maxRows, 1),
                integers(id++, "positions", maxRows, 1),
                integers(id++, "slots", maxRows, 1),
                integers(id++, "outputs", maxRows, 1));
        Tensor samplers = integers(id++, "samplers", slots, SamplerSettings.WORDS);
        Tensor seen = integers(id++, "seen", slots, c.vocabulary());
        Tensor biases = integers(id++, "biases", slots, c.vocabulary());
        int pagesOfSlot = Math.toIntExact(Math.ceilDiv(context, 1L << shift));
        var where = new Pages(integers(id++, "pages", slots, pagesOfSlot), context, shift);
        int cacheRows = Math.multiplyExact(pages, where.rows());
        var caches = new ArrayList<Cache>();
        for (int l = 0; l < c.layers(); l++) {
            String prefix = "blocks." + l + ".cache.";
            caches.add(new Cache(
                    new Tensor(id++, prefix + "keys", DType.FLOAT32, cacheRows, c.width(), Tensor.Role.STATE),
                    new Tensor(id++, prefix + "values", DType.FLOAT32, cacheRows, c.width(), Tensor.Role.STATE)));
        }
        return new State(inputs, samplers, seen, biases, where, caches, context);
    }

    private static Tensor integers(int id, String name, int rows, int columns) {
        return new Tensor(id, name, DType.INT32, rows, columns, Tensor.Role.STATE);
    }

    /** Positions of each slot. */
    public int context() {
        return pages.context();
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
                pages,
                caches,
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
                                biases,
                                pages.table()),
                        caches.stream().flatMap(cache -> Stream.of(cache.keys, cache.values)))
                .toList();
    }
}
