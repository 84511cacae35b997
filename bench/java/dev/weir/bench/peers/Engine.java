package dev.weir.bench.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Something that runs a model. It is asked for a round when its turn comes, and idle otherwise. */
interface Engine extends AutoCloseable {

    String name();

    /** Whether it has the type and the like. */
    default boolean can(Setting setting) {
        return true;
    }

    /**
     * Compares its logits with Weir's.
     *
     * @param dump a trace of Weir's with the logits of every token
     * @return how far apart, relative to their norm
     */
    double apart(Setting setting, Path dump) throws IOException;

    /** Tokens per second of each test: the median of the repeats. */
    Map<Setting.Test, Double> round(Setting setting) throws IOException;

    @Override
    default void close() {}
}
