package dev.weir.bench;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * The float32 products of a prompt beside OpenBLAS, by turns in one process. Weir's matrices are packed when a model is loaded,
 * OpenBLAS packs them in every call; biases are Weir's alone. {@code bench/products} runs this from its source.
 */
final class Products {

    private static final int ROWS = 512;
    private static final int ROUNDS = 15;
    private static final int WARM_UP = 5;

    private Products() {}

    /** Arguments: the folder of Weir, OpenBLAS' library, threads, and a file for lines of results if there is to be one. */
    public static void main(String[] arguments) throws IOException {
        int threads = Integer.parseInt(arguments[2]);
        var provenance = Provenance.of(Path.of(arguments[0]), System.getenv());
        for (OpCase op : OpCase.values()) {
            if (op.isProduct() && op != OpCase.UNEMBED) {
                double[][] rates = rates(op, arguments[1], threads);
                double ratio = ratio(rates);
                System.out.printf(
                        Locale.ROOT,
                        "%-14s %4d x %4d x %4d  Weir %5.0f GFLOP/s  OpenBLAS %5.0f  ratio %.3f%n",
                        op,
                        ROWS,
                        op.inputs(),
                        op.outputs(),
                        new Sample(rates[0]).median(),
                        new Sample(rates[1]).median(),
                        ratio);
                if (arguments.length > 3) {
                    append(Path.of(arguments[3]), provenance, op, threads, rates);
                }
            }
        }
    }

    /** GFLOP/s of Weir's rounds, and of OpenBLAS'. */
    private static double[][] rates(OpCase op, String library, int threads) {
        double work = 2.0 * ROWS * op.inputs() * op.outputs();
        double[][] rates = new double[2][ROUNDS];
        try (var ours = new OpRun(op, DType.FLOAT32, ROWS, new CpuBackend(threads));
                var theirs = new OpenBlas(library, threads, ROWS, op.inputs(), op.outputs())) {
            for (int round = -WARM_UP; round < ROUNDS; round++) {
                double our = work / nanos(ours::run);
                double their = work / nanos(theirs::run);
                if (round >= 0) {
                    rates[0][round] = our;
                    rates[1][round] = their;
                }
            }
        }
        return rates;
    }

    private static double nanos(Runnable work) {
        long begin = System.nanoTime();
        for (int i = 0; i < 5; i++) {
            work.run();
        }
        return (System.nanoTime() - begin) / 5.0;
    }

    private static double ratio(double[]... rates) {
        double[] ratios = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            ratios[round] = rates[0][round] / rates[1][round];
        }
        return new Sample(ratios).median();
    }

    private static void append(Path file, Provenance from, OpCase op, int threads, double[]... rates)
            throws IOException {
        for (int engine = 0; engine < 2; engine++) {
            var sample = new Sample(rates[engine]);
            ObjectNode line = new JsonMapper().createObjectNode();
            line.put("when", from.when()).put("commit", from.commit()).put("machine", from.machine());
            line.put("java", from.java()).put("table", "products").put("command", "bench/products " + threads);
            line.put("case", op + ", " + ROWS + " x " + op.inputs() + " x " + op.outputs());
            line.put("engine", engine == 0 ? "weir" : "OpenBLAS").put("threads", threads);
            line.put("median", sample.median()).put("min", sample.min()).put("max", sample.max());
            line.put("unit", "GFLOP/s");
            if (engine == 1) {
                line.put("weir_over_this", ratio(rates));
            }
            Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }
}
