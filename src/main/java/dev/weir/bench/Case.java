package dev.weir.bench;

/** A workload, watched in one way. */
public record Case(Workload workload, Watching watching) {}
