package dev.weir.cli;

import dev.weir.bench.Benchmark;
import dev.weir.bench.Case;
import dev.weir.bench.Limits;
import dev.weir.checkpoint.ModelSource;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import java.util.List;

/**
 * A model that is open on a machine, with the benchmark that times it there.
 *
 * @param threads of the CPU
 */
record BenchMachine(Weir weir, Options options, int threads, Benchmark benchmark) implements AutoCloseable {

    static BenchMachine open(ModelSource source, Options options, List<Case> cases) {
        int threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
        Weir weir = Weir.of(source, options);
        try {
            return new BenchMachine(weir, options, threads, new Benchmark(weir, Limits.of(weir, threads), cases));
        } catch (RuntimeException e) {
            weir.close();
            throw e;
        }
    }

    /** What its rounds measured. */
    BenchReport.Run run() {
        String graphs = weir.gpu().isEmpty() ? "" : options.cuda().graphs() ? "on" : "off";
        return new BenchReport.Run(weir.name(), weir.dtype(), weir.machine(), threads, graphs, benchmark.results());
    }

    @Override
    public void close() {
        benchmark.close();
        weir.close();
    }
}
