package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.hook.Hooks;
import dev.weir.program.Op;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The page says what a token asks of a GPU: the launches of the plan, and the bytes that the head of each kernel's file states. */
class TokenOnTheGpuTest {

    private static final int DEPTH = 1000;

    /** What one launch moves, and by which kernel. */
    private record Moved(String kernel, long bytes) {}

    private static Moved moved(Piece piece) {
        return switch (piece) {
            case Piece.Product product ->
                new Moved(
                        "linear_gemv",
                        product.linears().stream()
                                .mapToLong(linear -> bytes(linear.weight()))
                                .sum());
            case Piece.SplitAttention split ->
                new Moved("attention_decode", 8L * DEPTH * split.op().q().columns());
            case Piece.Single single -> moved(single.op());
        };
    }

    private static Moved moved(Op op) {
        if (op instanceof Op.Embed o) {
            return new Moved(
                    "embed", (long) o.out().columns() * (o.table().type().bytes() + Float.BYTES));
        }
        if (op instanceof Op.Add o) {
            return new Moved("add", 3 * bytes(o.out()));
        }
        if (op instanceof Op.SelectRows o) {
            return new Moved("select_rows", 2 * bytes(o.out()));
        }
        if (op instanceof Op.Sample o) {
            return new Moved("sample", bytes(o.logits()));
        }
        throw new AssertionError("no other kernel in a token, got " + op.name());
    }

    private static long bytes(Tensor tensor) {
        return tensor.size() * tensor.type().bytes();
    }

    @Test
    void thePageSaysWhatATokenAsksOfAGpu() throws IOException {
        var launches = new TreeMap<String, Integer>();
        var bytes = new TreeMap<String, Long>();
        for (Piece piece :
                JoiningTest.pieces(JoiningTest.plan(1, DType.BFLOAT16, Hooks.NONE), JoiningTest.FAST, true)) {
            Moved moved = moved(piece);
            launches.merge(moved.kernel, 1, Integer::sum);
            bytes.merge(moved.kernel, moved.bytes, Long::sum);
        }
        var expected = new ArrayList<String>();
        launches.forEach((kernel, count) -> expected.add(line("`" + kernel + "`", count, bytes.get(kernel))));
        expected.add(line(
                "all",
                launches.values().stream().mapToInt(Integer::intValue).sum(),
                bytes.values().stream().mapToLong(Long::longValue).sum()));

        List<String> page = Files.readAllLines(Path.of("docs/performance.md"));
        int head = page.indexOf("| kernel | launches | bytes |") + 2;
        assertEquals(String.join("\n", expected), String.join("\n", page.subList(head, head + expected.size())));
    }

    private static String line(String kernel, int launches, long bytes) {
        return String.format(Locale.ROOT, "| %s | %d | %,d |", kernel, launches, bytes);
    }
}
