package dev.weir.bench;

import dev.weir.engine.Session;
import dev.weir.engine.UnrecordedSteps;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.tensor.DType;
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

    /** Tokens per second from an empty cache to the token that follows the prompt. */
    private double prefill(Hooks hooks) {
        try (Run run = new Run(hooks, workload.promptTokens())) {
            long begin = System.nanoTime();
            run.process(0, workload.promptTokens(), ROWS_PER_STEP);
            return rate(workload.promptTokens(), begin);
        }
    }

    /** Tokens per second of steps of one row, from the given depth on. */
    private double decode(Hooks hooks) {
        try (Run run = new Run(hooks, workload.depth() + workload.newTokens())) {
            run.process(0, workload.depth(), ROWS_PER_STEP);
            long begin = System.nanoTime();
            run.process(workload.depth(), workload.depth() + workload.newTokens(), 1);
            return rate(workload.newTokens(), begin);
        }
    }

    private static double rate(int count, long begin) {
        return count * 1e9 / (System.nanoTime() - begin);
    }

    /** One session with one trace to memory. */
    private final class Run implements AutoCloseable {
        private final Hooks hooks;
        private final Session session;
        private final TraceRecorder recorder = new TraceRecorder();
        private final UnrecordedSteps unrecorded;

        Run(Hooks hooks, int length) {
            this.hooks = hooks;
            this.session = weir.session(1, length);
            recorder.begin(new TraceLayout(hooks.taps(), weir.config().dimensions(), 1, length, DType.FLOAT32));
            this.unrecorded = new UnrecordedSteps(session, hooks, recorder);
        }

        void process(int from, int to, int rowsPerStep) {
            for (int begin = from; begin < to; begin += rowsPerStep) {
                int count = Math.min(rowsPerStep, to - begin);
                int first = begin;
                int[] positions = IntStream.range(first, first + count).toArray();
                int[] ids = IntStream.of(positions).map(p -> tokens[p]).toArray();
                step(new Rows(new int[count], positions, ids, new int[] {count - 1}));
            }
            unrecorded.recordAll();
        }

        /** A step as a generation would take it: the next one waits for its token, whichever it is. */
        private void step(Rows rows) {
            Session.StepResult result = session.choose(rows, hooks);
            unrecorded.add(rows, result);
            result.token(0);
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
