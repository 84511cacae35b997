package dev.weir.lens;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.lens.StreamStatistics.Block;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Norms, cosines and changes against plain loops over a float64 pass. */
class StreamStatisticsTest {

    @Property(tries = 15)
    void theyAreThoseOfAFloat64Pass(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            List<Integer> positions =
                    IntStream.range(0, subject.tokens.length).boxed().toList();
            var statistics = StreamStatistics.of(subject.trace(StreamStatistics.SELECTORS), 0, positions);
            assertEquals(subject.config.layers(), statistics.blocks().size());
            for (int l = 0; l < subject.config.layers(); l++) {
                Block block = statistics.blocks().get(l);
                for (int position : positions) {
                    double[] pre = subject.at("blocks." + l + ".hook_resid_pre", position);
                    double[] post = subject.at("blocks." + l + ".hook_resid_post", position);
                    close(norm(pre), block.entering()[position]);
                    close(norm(post), block.leaving()[position]);
                    close(norm(subject.at("blocks." + l + ".hook_attn_out", position)), block.attention()[position]);
                    close(norm(subject.at("blocks." + l + ".hook_mlp_out", position)), block.mlp()[position]);
                    close(norm(minus(post, pre)) / norm(pre), block.change()[position]);
                    close(dot(pre, post) / norm(pre) / norm(post), block.cosine()[position]);
                }
                double mean = positions.stream()
                        .mapToDouble(p -> block.cosine()[p])
                        .average()
                        .orElseThrow();
                close(mean, statistics.cosines()[l][l + 1]);
                close(mean, statistics.cosines()[l + 1][l]);
                close(1, statistics.cosines()[l][l]);
            }
        }
    }

    private static void close(double expected, double got) {
        assertEquals(expected, got, 1e-4 * Math.abs(expected) + 1e-5);
    }

    private static double dot(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    private static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }

    private static double[] minus(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).toArray();
    }

    @Test
    void aBlockWithoutBranchesIsTheIdentity() {
        try (var subject = new Subject(5)) {
            var trace = subject.trace(StreamStatistics.SELECTORS);
            // the stream of the last block put in place of that of the first: what a block that adds nothing leaves
            float[] entering = trace.get("blocks.0.hook_resid_pre").data();
            System.arraycopy(entering, 0, trace.get("blocks.0.hook_resid_post").data(), 0, entering.length);
            Block block = StreamStatistics.of(trace, 0, List.of(0)).blocks().getFirst();
            assertEquals(0, block.change()[0]);
            assertEquals(1, block.cosine()[0], 1e-15);
        }
    }
}
