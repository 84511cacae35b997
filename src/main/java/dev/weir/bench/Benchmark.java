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
        var runs = new EnumMap<Watching, Run>(Watching.class);
        try {
            watchings.forEach(watching -> runs.computeIfAbsent(watching, w -> new Run(w.hooks(weir))));
            for (int repeat = -1; repeat < repeats; repeat++) {
                for (Map.Entry<Watching, Run> entry : runs.entrySet()) {
                    double prefillRate = entry.getValue().prefill();
                    double decodeRate = entry.getValue().decode();
                    if (repeat >= 0) {
                        prefill.computeIfAbsent(entry.getKey(), w -> new double[repeats])[repeat] = prefillRate;
                        decode.computeIfAbsent(entry.getKey(), w -> new double[repeats])[repeat] = decodeRate;
                    }
                }
                done.run();
            }
        } finally {
            runs.values().forEach(Run::close);
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

    /** One session, kept so that its plans are ready when the clock runs, and a trace to memory. */
    private final class Run implements AutoCloseable {
        private final Hooks hooks;
        private final Session session;
        private TraceRecorder recorder = new TraceRecorder();
        private UnrecordedSteps unrecorded;

        Run(Hooks hooks) {
            this.hooks = hooks;
            this.session = weir.session(workload.sequences(), workload.context());
            this.unrecorded = new UnrecordedSteps(session, hooks, recorder);
        }

        /** Tokens per second, of all sequences together, from an empty cache to the token that follows each prompt. */
        double prefill() {
            begin(workload.promptTokens());
            long begin = System.nanoTime();
            fill(workload.promptTokens());
            return rate(workload.promptTokens(), begin);
        }

        /** Tokens per second, of all sequences together, in steps of one row of each, from the given depth on. */
        double decode() {
            begin(workload.depth() + workload.newTokens());
            fill(workload.depth());
            long begin = System.nanoTime();
            generate(workload.depth(), workload.newTokens());
            return rate(workload.newTokens(), begin);
        }

        private double rate(int count, long begin) {
            return workload.sequences() * count * 1e9 / (System.nanoTime() - begin);
        }

        /** Empties the cache and the trace. */
        private void begin(int length) {
            IntStream.range(0, workload.sequences()).forEach(session::reset);
            recorder = new TraceRecorder();
            recorder.begin(new TraceLayout(
                    hooks.taps(), weir.config().dimensions(), workload.sequences(), length, DType.FLOAT32));
            unrecorded = new UnrecordedSteps(session, hooks, recorder);
        }

        /** The first positions of every sequence, one sequence after the other. */
        private void fill(int length) {
            for (int slot = 0; slot < workload.sequences(); slot++) {
                for (int begin = 0; begin < length; begin += ROWS_PER_STEP) {
                    rows(begin, Math.min(length, begin + ROWS_PER_STEP), slot, slot + 1);
                }
            }
            unrecorded.recordAll();
        }

        /** Steps of one row of every sequence. */
        private void generate(int depth, int count) {
            for (int position = depth; position < depth + count; position++) {
                rows(position, position + 1, 0, workload.sequences());
            }
            unrecorded.recordAll();
        }

        /** One step: these positions of these slots, with the token that follows the last position of each. */
        private void rows(int from, int to, int firstSlot, int endSlot) {
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
