package dev.weir.cli;

/** How a benchmark prints what it measured. */
enum BenchOutput {
    /** A table for people. */
    TEXT,
    /** A table of Markdown. */
    MD,
    /** Comma-separated values, a head line first. */
    CSV,
    /** One object. */
    JSON,
    /** A line for each figure, as {@code bench/results} keeps them. */
    JSONL;

    static BenchOutput of(String label) {
        return switch (label) {
            case "text" -> TEXT;
            case "md" -> MD;
            case "csv" -> CSV;
            case "json" -> JSON;
            case "jsonl" -> JSONL;
            default ->
                throw new IllegalArgumentException(
                        "--output: expected text, md, csv, json or jsonl, got '" + label + "'");
        };
    }
}
