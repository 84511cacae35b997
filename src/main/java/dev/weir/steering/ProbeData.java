package dev.weir.steering;

import dev.weir.dump.Dump;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Rows of the stream of two classes.
 *
 * @param rows of one length
 * @param positive whether each is of the positive class
 * @param sequences where each comes from: rows of one sequence are never both learnt from and tried on
 */
public record ProbeData(List<float[]> rows, List<Boolean> positive, List<Integer> sequences) {

    public ProbeData {
        rows = List.copyOf(rows);
        positive = List.copyOf(positive);
        sequences = List.copyOf(sequences);
        if (rows.size() != positive.size() || rows.size() != sequences.size()) {
            throw new IllegalArgumentException("probe data: expected a class and a sequence for each row, got "
                    + rows.size() + " rows, " + positive.size() + " classes and " + sequences.size() + " sequences");
        }
    }

    /**
     * The rows of a point in a dump.
     *
     * @param labels for each sequence one label, or one for each row that is read of it
     * @param positive the label of the positive class
     * @throws IllegalArgumentException if there is not a label for each sequence, or for each row
     */
    public static ProbeData of(
            Dump dump, HookPoint point, Reading reading, List<List<String>> labels, String positive) {
        Trace.Values values = dump.values(point);
        if (values.shape().getFirst() != labels.size()) {
            throw new IllegalArgumentException("labels: expected one for each of the "
                    + values.shape().getFirst() + " sequences of " + dump.path() + ", got " + labels.size());
        }
        var rows = new ArrayList<float[]>();
        var classes = new ArrayList<Boolean>();
        var sequences = new ArrayList<Integer>();
        for (int s = 0; s < labels.size(); s++) {
            List<float[]> some = reading.rows(point, values, s);
            List<String> named = labels.get(s);
            if (named.size() != 1 && named.size() != some.size()) {
                throw new IllegalArgumentException("labels of sequence " + s + ": expected one, or one for each of "
                        + some.size() + " rows, got " + named.size());
            }
            for (int r = 0; r < some.size(); r++) {
                rows.add(some.get(r));
                classes.add(named.get(named.size() == 1 ? 0 : r).equals(positive));
                sequences.add(s);
            }
        }
        return new ProbeData(rows, classes, sequences);
    }

    /** Those of some sequences. */
    ProbeData of(Set<Integer> some) {
        var kept = new ArrayList<Integer>();
        for (int i = 0; i < rows.size(); i++) {
            if (some.contains(sequences.get(i))) {
                kept.add(i);
            }
        }
        return new ProbeData(
                kept.stream().map(rows::get).toList(),
                kept.stream().map(positive::get).toList(),
                kept.stream().map(sequences::get).toList());
    }

    /** Rows of the positive class. */
    public int positives() {
        return (int) positive.stream().filter(is -> is).count();
    }

    /** How often one is right who always says the class of most rows. */
    public double majority() {
        return (double) Math.max(positives(), rows.size() - positives()) / rows.size();
    }

    /** How many a probe tells rightly. */
    int correct(LinearProbe probe) {
        int correct = 0;
        for (int i = 0; i < rows.size(); i++) {
            correct += probe.score(rows.get(i)) > 0 == positive.get(i) ? 1 : 0;
        }
        return correct;
    }
}
