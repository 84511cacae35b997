package dev.weir.bench;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Session;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.tensor.DType;
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
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * End to end: a token more, and a prompt. With {@code -prof gc} it says what a token leaves on the heap; the threads that compute
 * are its own, and the profiler sees those too.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class DecodeBenchmark {

    private static final int PROMPT = 512;

    @Param({"gpt2"})
    String shape;

    @Param({"float32", "bfloat16"})
    String dtype;

    @Param({"1", "2"})
    int threads;

    @Param({"off", "resid"})
    String trace;

    private Weir weir;
    private Session session;
    private Hooks hooks;
    private final Rows next = rows(0, 0);
    private int position;
    private int token;

    @Setup(Level.Trial)
    public void open() {
        var source = new SyntheticWeights(shape, SyntheticWeights.shape(shape), DType.ofLabel(dtype), 1);
        weir = Weir.of(source, Options.DEFAULT.withThreads(threads));
        session = weir.session(1, weir.config().context());
        hooks = trace.equals("off") ? Hooks.NONE : weir.select("resid_pre,resid_mid,resid_post");
    }

    @TearDown(Level.Trial)
    public void close() {
        session.close();
        weir.close();
    }

    /** One step of one row; at the end of the context the sequence begins again. */
    @Benchmark
    public int token() {
        if (position == weir.config().context()) {
            session.reset(0);
            position = 0;
        }
        next.positions()[0] = position;
        next.tokens()[0] = token;
        token = session.choose(next, hooks).token(0);
        position++;
        return token;
    }

    /** A step of many rows, and the token that follows them. */
    @Benchmark
    public int prompt() {
        session.reset(0);
        return session.choose(rows(0, new int[PROMPT]), hooks).token(0);
    }

    /** Tokens of the only sequence, from a position on. */
    private static Rows rows(int position, int... tokens) {
        int[] positions = IntStream.range(position, position + tokens.length).toArray();
        return new Rows(new int[tokens.length], positions, tokens, new int[] {tokens.length - 1});
    }
}
