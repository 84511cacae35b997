package dev.weir.lens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.lens.LensView.Cell;
import dev.weir.lens.LensView.Chosen;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The lens at every station against a final norm and an unembedding in float64. */
class LensViewTest {

    private static List<Integer> all(Subject subject) {
        return IntStream.range(0, subject.tokens.length).boxed().toList();
    }

    @Property(tries = 15)
    void everyCellHasTheProbabilitiesOfAFloat64Pass(@ForAll long seed) {
        try (var subject = new Subject(seed)) {
            int vocabulary = subject.config.vocabulary();
            int[] everyToken = IntStream.range(0, vocabulary).toArray();
            var trace = subject.trace("resid_pre", "resid_mid", "resid_post");
            var lens = new LogitLens(subject.weir);
            LensView view = lens.view(trace, 0, all(subject), true, 3, Chosen.of(everyToken));
            LensView bare = lens.withoutNorm().view(trace, 0, all(subject), true, 0, Chosen.of(everyToken));
            assertEquals(2 * subject.config.layers() + 1, view.stations().size());
            for (int station = 0; station < view.stations().size(); station++) {
                for (int position = 0; position < subject.tokens.length; position++) {
                    double[] stream = subject.at(pointOf(view.stations().get(station), subject), position);
                    requireCell(logits(subject, normed(subject, stream)), view.at(station, position));
                    double[] bareLogits = logits(subject, stream);
                    Subject.assertClose(bareLogits, logits(bare.at(station, position)), "without the norm");
                    assertEquals(List.of(), bare.at(station, position).top());
                }
            }
        }
    }

    private static String pointOf(String station, Subject subject) {
        int underscore = station.indexOf('_');
        return station.equals("final_post")
                ? "blocks." + (subject.config.layers() - 1) + ".hook_resid_post"
                : "blocks." + station.substring(0, underscore) + ".hook_resid" + station.substring(underscore);
    }

    private static double[] normed(Subject subject, double[] stream) {
        double mean = Arrays.stream(stream).average().orElseThrow();
        double variance = Arrays.stream(stream)
                .map(x -> (x - mean) * (x - mean))
                .average()
                .orElseThrow();
        double[] weight = subject.bias("ln_final.w");
        double[] bias = subject.bias("ln_final.b");
        return IntStream.range(0, stream.length)
                .mapToDouble(
                        i -> (stream[i] - mean) / Math.sqrt(variance + subject.config.epsilon()) * weight[i] + bias[i])
                .toArray();
    }

    private static double[] logits(Subject subject, double[] rows) {
        var logits = new double[subject.config.vocabulary()];
        for (int i = 0; i < rows.length; i++) {
            double[] weights = subject.weight("unembed.W_U", i);
            for (int token = 0; token < logits.length; token++) {
                logits[token] += rows[i] * weights[token];
            }
        }
        return logits;
    }

    private static double[] logits(Cell cell) {
        return cell.chosen().stream().mapToDouble(Guess::logit).toArray();
    }

    private static void requireCell(double[] expected, Cell cell) {
        Subject.assertClose(expected, logits(cell), "logits");
        double sum = Arrays.stream(expected).map(Math::exp).sum();
        for (Guess guess : cell.chosen()) {
            assertEquals(Math.exp(expected[guess.token()]) / sum, guess.probability(), 1e-4);
            long before = cell.chosen().stream()
                    .filter(other -> other.logit() > guess.logit()
                            || (other.logit() == guess.logit() && other.token() < guess.token()))
                    .count();
            assertEquals(before, guess.rank());
        }
        assertEquals(3, cell.top().size());
        for (int rank = 0; rank < 3; rank++) {
            assertEquals(rank, cell.top().get(rank).rank());
            assertEquals(
                    cell.top().get(rank), cell.chosen().get(cell.top().get(rank).token()));
        }
    }

    @Test
    void theTokenThatFollowsCanBeAskedFor() {
        try (var subject = new Subject(11)) {
            int length = subject.tokens.length;
            LensView view = new LogitLens(subject.weir)
                    .view(
                            subject.trace("resid_pre", "resid_post"),
                            0,
                            List.of(1, length - 1),
                            false,
                            1,
                            Chosen.next(subject.tokens, length));
            assertEquals(List.of(1, length - 1), view.positions());
            assertEquals(subject.tokens[2], view.at(0, 0).chosen().getFirst().token());
            assertEquals(List.of(), view.at(0, 1).chosen());
            assertEquals(1 + subject.config.layers(), view.cells().size());
        }
    }

    @Test
    void tokensAndPositionsThatAreNotThereAreRefused() {
        try (var subject = new Subject(11)) {
            var lens = new LogitLens(subject.weir);
            var trace = subject.trace("resid_pre", "resid_post");
            int vocabulary = subject.config.vocabulary();
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> lens.view(trace, 0, List.of(0), false, 1, Chosen.of(vocabulary)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> lens.view(trace, 0, List.of(subject.tokens.length), false, 1, Chosen.NONE));
            assertThrows(IllegalArgumentException.class, () -> lens.view(trace, 0, List.of(0), true, 1, Chosen.NONE));
            assertTrue(lens.view(trace, 0, List.of(), false, 1, Chosen.NONE)
                    .cells()
                    .getFirst()
                    .isEmpty());
        }
    }
}
