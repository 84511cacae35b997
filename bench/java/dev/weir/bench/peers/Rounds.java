package dev.weir.bench.peers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Tokens per second by engine and test, one for each round. */
final class Rounds {

    private final Map<String, Map<Setting.Test, List<Double>>> rates = new LinkedHashMap<>();

    void add(String engine, Map<Setting.Test, Double> round) {
        Map<Setting.Test, List<Double>> tests = rates.computeIfAbsent(engine, e -> new LinkedHashMap<>());
        round.forEach((test, rate) ->
                tests.computeIfAbsent(test, t -> new ArrayList<>()).add(rate));
    }

    List<String> engines() {
        return List.copyOf(rates.keySet());
    }

    /** By round; empty if it was not timed. */
    List<Double> of(String engine, Setting.Test test) {
        return rates.getOrDefault(engine, Map.of()).getOrDefault(test, List.of());
    }

    /** How much faster one engine is than another, round by round, in the middle. */
    double ratio(String engine, String other, Setting.Test test) {
        List<Double> ours = of(engine, test);
        List<Double> theirs = of(other, test);
        return median(IntStream.range(0, Math.min(ours.size(), theirs.size()))
                .mapToObj(round -> ours.get(round) / theirs.get(round))
                .toList());
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
