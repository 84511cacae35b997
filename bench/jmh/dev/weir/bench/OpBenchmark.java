package dev.weir.bench;

import dev.weir.backend.Backend;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.tensor.DType;
import java.util.concurrent.TimeUnit;
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

/** One op on the CPU machine, as {@link OpCase} lists them. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class OpBenchmark {

    @Param
    OpCase op;

    @Param({"1", "16", "512"})
    int rows;

    @Param({"float32", "bfloat16", "float16"})
    String dtype;

    @Param({"1", "2"})
    int threads;

    private OpRun run;

    @Setup(Level.Trial)
    public void open() {
        run = new OpRun(op, DType.ofLabel(dtype), rows, new CpuBackend(threads));
    }

    @TearDown(Level.Trial)
    public void close() {
        run.close();
    }

    @Benchmark
    public Backend.Run run() {
        return run.run();
    }
}
