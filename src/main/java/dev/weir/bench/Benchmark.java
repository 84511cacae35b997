package dev.weir.bench;

import dev.weir.engine.Session;
import dev.weir.engine.UnrecordedSteps;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Times the cases of an open model by turns, so that their ratios hold when the machine drifts. */
public final class Benchmark implements AutoCloseable {

    private static final int ROWS_PER_STEP = 512;
    private static final int WARM_UPS = 2;

    private final Weir weir;
    private final Supplier<Limits> limits;
    private final int[] tokens;
    private final Map<Case, Run> runs = new LinkedHashMap<>();
    private final Map<Case, List<Double>> rates = new LinkedHashMap<>();
    private final List<Limits> measured = new ArrayList<>();

    /**
     * Opens a session for each case.
     *
     * @param limits measures those of the machine; it is asked once in every round
     * @param cases of random tokens
     * @throws IllegalArgumentException when one does not fit the model's context
     */
    public Benchmark(Weir weir, Supplier<Limits> limits, List<Case> cases) {
        int context = weir.config().context();
        int longest = cases.stream().mapToInt(c -> c.workload().context()).max().orElse(0);
        if (longest > context) {
            throw new IllegalArgumentException(
                    "workload of " + longest + " positions: expected at most " + context + ", the model's context");
        }
        this.weir = weir;
        this.limits = limits;
        this.tokens = new Random(1).ints(longest, 0, weir.config().vocabulary()).toArray();
        try {
            cases.forEach(each -> runs.computeIfAbsent(each, Run::new));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Runs every case without taking its time: what is compiled or captured on first use is ready afterwards. */
    public void warmUp() {
        weir.settle();
        for (int turn = 0; turn < WARM_UPS; turn++) {
            runs.values().forEach(Run::rate);
        }
    }

    /** Times every case once, and the limits of the machine. */
    public void round() {
        runs.forEach((each, run) ->
                rates.computeIfAbsent(each, c -> new ArrayList<>()).add(run.rate()));
        measured.add(limits.get());
    }

    /** What the rounds measured, in the order of the cases; nothing before the first. */
    public List<Result> results() {
        if (measured.isEmpty()) {
            return List.of();
        }
        Limits middle = Limits.median(measured);
        return rates.entrySet().stream()
                .map(e -> new Result(weir.config(), weir.dtype(), e.getKey(), e.getValue(), middle))
                .toList();
    }

    @Override
    public void close() {
        runs.values().forEach(Run::close);
    }

    /** One session, kept so that its plans are ready when the clock runs, and a trace to memory. */
    private final class Run implements AutoCloseable {
        private final Workload workload;
        private final Hooks hooks;
        private final Session session;
        private TraceRecorder recorder = new TraceRecorder();
        private UnrecordedSteps unrecorded;

        Run(Case what) {
            this.workload = what.workload();
            this.hooks = what.watching().hooks(weir);
            this.session = weir.session(workload.sequences(), workload.context());
            this.unrecorded = new UnrecordedSteps(session, hooks, recorder);
        }

        /** Tokens per second, of all sequences together. */
        double rate() {
            return switch (workload.phase()) {
                case PREFILL -> prefill();
                case DECODE -> decode();
            };
        }

        private double prefill() {
            begin(workload.tokens());
            long begin = System.nanoTime();
            fill(workload.tokens());
            return rate(workload.tokens(), begin);
        }

        private double decode() {
            begin(workload.context());
            fill(workload.depth());
            long begin = System.nanoTime();
            generate(workload.depth(), workload.tokens());
            return rate(workload.tokens(), begin);
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
