package dev.weir.bench;

import dev.weir.backend.Backend;
import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Workspace;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Activation;
import dev.weir.program.Op;
import dev.weir.program.Planner;
import dev.weir.program.Program;
import dev.weir.program.ProgramWriter;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One op at the shapes of GPT-2 124M, as a plan of its own on the CPU machine. */
@org.openjdk.jmh.annotations.State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class OpBenchmark {

    private static final ModelConfig GPT2_BLOCK =
            new ModelConfig(64, 1024, 768, 1, 12, 3072, Activation.GELU_NEW, 1e-5f, true, false);

    /** Which op; the second half of an MLP has the longest reduction. */
    public enum Case {
        MLP_IN_GELU,
        MLP_OUT,
        ADD_LAYER_NORM,
        ATTENTION
    }

    @Param({"MLP_IN_GELU", "MLP_OUT", "ADD_LAYER_NORM", "ATTENTION"})
    Case op;

    @Param({"1", "16", "512"})
    int rows;

    @Param({"float32", "bfloat16"})
    String dtype;

    @Param({"1", "2"})
    int threads;

    private SyntheticWeights source;
    private Backend backend;
    private LoadedWeights loaded;
    private Workspace workspace;
    private Executable executable;
    private Rows input;

    @Setup(Level.Trial)
    public void open() {
        DType type = DType.ofLabel(dtype);
        var weights = Weights.of(GPT2_BLOCK, type);
        source = new SyntheticWeights("block", GPT2_BLOCK, type, 1);
        backend = new CpuBackend(threads);
        loaded = backend.load(source.views(weights));
        var state = State.of(GPT2_BLOCK, 1, 1024, rows);
        workspace = loaded.allocate(state.all());
        executable = workspace.compile(Planner.plan(program(weights, state.step(rows, 1, 1024)), Hooks.NONE));
        int[] zeros = new int[rows];
        int[] positions = IntStream.range(1024 - rows, 1024).toArray();
        input = new Rows(zeros, positions, zeros, new int[] {rows - 1});
    }

    private Program program(Weights w, State s) {
        var p = new ProgramWriter(s.inputs());
        Weights.Block b = w.blocks().getFirst();
        Tensor x = p.embed(w.tokens(), s.inputs().tokens());
        Tensor made =
                switch (op) {
                    case MLP_IN_GELU -> p.activate(p.linear(x, b.mlpIn()), Activation.GELU_NEW);
                    case MLP_OUT -> p.linear(p.linear(x, b.mlpIn()), b.mlpOut());
                    case ADD_LAYER_NORM ->
                        p.layerNorm(p.add(x, x), b.norm1(), 1e-5f).out();
                    case ATTENTION -> {
                        var cache = s.caches().getFirst();
                        Tensor keys = p.append(cache.keys(), x, Op.CacheKind.KEYS);
                        Tensor values = p.append(cache.values(), x, Op.CacheKind.VALUES);
                        yield p.attention(x, keys, values, 12, s.context(), s.shownKeys(), 0.125f)
                                .z();
                    }
                };
        return p.results(made);
    }

    @TearDown(Level.Trial)
    public void close() {
        workspace.close();
        loaded.close();
        backend.close();
        source.close();
    }

    @Benchmark
    public Executable run() {
        executable.run(input);
        return executable;
    }
}
