package dev.weir.cli;

import picocli.CommandLine.Option;

/** Whether a program reads the result. */
final class JsonArgument {

    @Option(names = "--json", description = "Print one JSON object on standard output and nothing else there.")
    private boolean json;

    boolean given() {
        return json;
    }
}
