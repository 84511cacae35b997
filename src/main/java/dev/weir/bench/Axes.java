package dev.weir.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What is to be timed on a model, axis by axis; every combination is a case.
 *
 * @param prompts lengths of prompts; 0 is none
 * @param generations numbers of new tokens; 0 is none
 * @param depths of these in the cache
 * @param batches numbers of sequences
 */
public record Axes(
        List<Integer> prompts,
        List<Integer> generations,
        List<Integer> depths,
        List<Integer> batches,
        List<Watching> watchings) {

    public Axes {
        prompts = List.copyOf(prompts);
        generations = List.copyOf(generations);
        depths = List.copyOf(depths);
        batches = List.copyOf(batches);
        watchings = List.copyOf(watchings);
    }

    /**
     * Every case once, those that are compared side by side: ways of watching vary fastest.
     *
     * @throws IllegalArgumentException if there is none, or one cannot be
     */
    public List<Case> cases() {
        var cases = new ArrayList<Case>();
        for (Workload workload : workloads()) {
            watchings.forEach(watching -> cases.add(new Case(workload, watching)));
        }
        if (cases.isEmpty()) {
            throw new IllegalArgumentException(
                    "workload: expected prompt tokens or new tokens above zero, got neither");
        }
        return cases.stream().distinct().toList();
    }

    private List<Workload> workloads() {
        var workloads = new ArrayList<Workload>();
        for (int sequences : batches) {
            for (int tokens : prompts) {
                if (tokens != 0) {
                    workloads.add(Workload.prefill(tokens, sequences));
                }
            }
            for (int tokens : generations) {
                for (int depth : depths) {
                    if (tokens != 0) {
                        workloads.add(Workload.decode(tokens, depth, sequences));
                    }
                }
            }
        }
        return workloads;
    }
}
