package dev.weir.bench;

import dev.weir.engine.Session;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** Times a workload on an open model. Repetitions of different ways of watching alternate, so that their ratio holds when the machine drifts. */
public final class Benchmark {

    private static final int ROWS_PER_STEP = 512;

    private final Weir weir;
    private final Workload workload;
    private final int[] tokens;

    /**
     * A workload of random tokens.
     *
     * @throws IllegalArgumentException when it does not fit the model's context
     */
    public Benchmark(Weir weir, Workload workload) {
        int context = weir.config().context();
        if (workload.context() > context) {
            throw new IllegalArgumentException("workload of " + workload.context() + " positions: expected at most "
                    + context + ", the model's context");
        }
        this.weir = weir;
        this.workload = workload;
        this.tokens = new Random(1)
                .ints(workload.context(), 0, weir.config().vocabulary())
                .toArray();
    }

    /**
     * What was measured.
     *
     * @param prefill tokens per second, if there was a prompt
     * @param decode tokens per second, if there were new tokens
     */
    public record Result(Optional<Sample> prefill, Optional<Sample> decode) {}

    /**
     * Runs everything once to warm up, then so many times by the clock.
     *
     * @param done called after every round
     */
    public Map<Watching, Result> run(List<Watching> watchings, int repeats, Runnable done) {
        if (repeats < 1) {
            throw new IllegalArgumentException("repeats: expected 1 or more, got " + repeats);
        }
        var prefill = new EnumMap<Watching, double[]>(Watching.class);
        var decode = new EnumMap<Watching, double[]>(Watching.class);
        for (int repeat = -1; repeat < repeats; repeat++) {
            for (Watching watching : watchings) {
                Hooks hooks = watching.hooks(weir);
                double prefillRate = workload.promptTokens() == 0 ? 0 : prefill(hooks);
                double decodeRate = workload.newTokens() == 0 ? 0 : decode(hooks);
                if (repeat >= 0) {
                    prefill.computeIfAbsent(watching, w -> new double[repeats])[repeat] = prefillRate;
                    decode.computeIfAbsent(watching, w -> new double[repeats])[repeat] = decodeRate;
                }
            }
            done.run();
        }
        var results = new EnumMap<Watching, Result>(Watching.class);
        prefill.forEach((watching, rates) -> results.put(
                watching,
                new Result(
                        sample(workload.promptTokens(), rates),
                        sample(
                                workload.newTokens(),
                                Optional.ofNullable(decode.get(watching)).orElseThrow()))));
        return results;
    }

    private static Optional<Sample> sample(int count, double[] rates) {
        return count == 0 ? Optional.empty() : Optional.of(new Sample(rates));
    }

    /** Tokens per second, of all sequences together, from an empty cache to the logits of the last prompt token of each. */
    private double prefill(Hooks hooks) {
        try (Run run = new Run(hooks, workload.promptTokens())) {
            long begin = System.nanoTime();
            run.fill(workload.promptTokens());
            return rate(workload.promptTokens(), begin);
        }
    }

    /** Tokens per second, of all sequences together, in steps of one row of each, from the given depth on. */
    private double decode(Hooks hooks) {
        try (Run run = new Run(hooks, workload.depth() + workload.newTokens())) {
            run.fill(workload.depth());
            long begin = System.nanoTime();
            for (int position = workload.depth(); position < workload.depth() + workload.newTokens(); position++) {
                run.rows(position, position + 1, 0, workload.sequences());
            }
            return rate(workload.newTokens(), begin);
        }
    }

    private double rate(int count, long begin) {
        return workload.sequences() * count * 1e9 / (System.nanoTime() - begin);
    }

    /** One session with one trace to memory. */
    private final class Run implements AutoCloseable {
        private final Hooks hooks;
        private final Session session;
        private final TraceRecorder recorder = new TraceRecorder();

        Run(Hooks hooks, int length) {
            this.hooks = hooks;
            this.session = weir.session(workload.sequences(), length);
            recorder.begin(new TraceLayout(
                    hooks.taps(), weir.config().dimensions(), workload.sequences(), length, DType.FLOAT32));
        }

        /** The first positions of every sequence, one sequence after the other. */
        void fill(int length) {
            for (int slot = 0; slot < workload.sequences(); slot++) {
                for (int begin = 0; begin < length; begin += ROWS_PER_STEP) {
                    rows(begin, Math.min(length, begin + ROWS_PER_STEP), slot, slot + 1);
                }
            }
        }

        /** One step: these positions of these slots, with the logits of the last position of each. */
        void rows(int from, int to, int firstSlot, int endSlot) {
            int each = to - from;
            int count = each * (endSlot - firstSlot);
            int[] slots =
                    IntStream.range(0, count).map(r -> firstSlot + r / each).toArray();
            int[] positions =
                    IntStream.range(0, count).map(r -> from + r % each).toArray();
            int[] ids = IntStream.of(positions).map(p -> tokens[p]).toArray();
            int[] outputs = IntStream.range(0, endSlot - firstSlot)
                    .map(s -> (s + 1) * each - 1)
                    .toArray();
            step(new Rows(slots, positions, ids, outputs));
        }

        private void step(Rows rows) {
            Session.StepResult result = session.step(rows, hooks);
            for (HookPoint point : hooks.taps().keySet()) {
                recorder.rows(point, rows, result.tapped(point), result.columns(point));
            }
            if (Float.isNaN(result.logits(0).get(ValueLayout.JAVA_FLOAT, 0))) {
                throw new IllegalStateException("logits of the benchmark are NaN");
            }
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
