package dev.weir.steering;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A probe, and how well probes trained like it do on sequences that they have not seen: every sequence is held out once.
 *
 * @param probe trained on all rows
 * @param fitted rows that it tells rightly of those that it was trained on
 * @param heldOut rows told rightly by a probe that was trained without their sequence
 * @param rows of all
 */
public record CrossValidation(LinearProbe probe, int fitted, int heldOut, int rows) {

    /**
     * Trains on all rows, and on all but those of each fold. Sequences are dealt to folds at random, each class evenly.
     *
     * @param folds from 2 on; no more than a class has sequences
     * @throws IllegalArgumentException if there are too few sequences
     */
    public static CrossValidation of(ProbeData data, ProbeMethod method, double l2, int folds, long seed) {
        List<Set<Integer>> dealt = deal(data, folds, seed);
        int heldOut = 0;
        for (int fold = 0; fold < folds; fold++) {
            int without = fold;
            Set<Integer> others = data.sequences().stream()
                    .filter(sequence -> !dealt.get(without).contains(sequence))
                    .collect(Collectors.toSet());
            heldOut += data.of(dealt.get(fold)).correct(method.train(data.of(others), l2));
        }
        LinearProbe probe = method.train(data, l2);
        return new CrossValidation(
                probe, data.correct(probe), heldOut, data.rows().size());
    }

    /** The share of rows of which a probe that had not seen their sequence was right. */
    public double accuracy() {
        return (double) heldOut / rows;
    }

    private static List<Set<Integer>> deal(ProbeData data, int folds, long seed) {
        var classes = new LinkedHashMap<Integer, Boolean>();
        for (int i = 0; i < data.rows().size(); i++) {
            classes.putIfAbsent(data.sequences().get(i), data.positive().get(i));
        }
        List<Integer> positive = ofClass(classes, true);
        List<Integer> negative = ofClass(classes, false);
        int sequences = positive.size() + negative.size();
        if (folds < 2 || folds > sequences) {
            throw new IllegalArgumentException(
                    "folds: expected from 2 to the " + sequences + " sequences, got " + folds);
        }
        var random = new Random(seed);
        Collections.shuffle(positive, random);
        Collections.shuffle(negative, random);
        positive.addAll(negative);
        List<Set<Integer>> dealt = new ArrayList<>();
        for (int fold = 0; fold < folds; fold++) {
            dealt.add(new HashSet<>());
        }
        for (int i = 0; i < sequences; i++) {
            dealt.get(i % folds).add(positive.get(i));
        }
        return dealt;
    }

    private static List<Integer> ofClass(Map<Integer, Boolean> classes, boolean positive) {
        return classes.entrySet().stream()
                .filter(sequence -> sequence.getValue() == positive)
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(ArrayList::new));
    }
}
