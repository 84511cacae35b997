package dev.weir.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.batching.Event;
import java.util.List;
import java.util.Optional;

/** Something that happened while a request is answered. */
sealed interface Piece {

    /** The client has gone. */
    record Gone() implements Piece {}

    /** A choice could not be finished. */
    record Failed(Throwable cause) implements Piece {}

    /**
     * A choice has come further.
     *
     * @param lens what the lens shows of tokens so far, if there is one
     * @param trace the finished file, if there is one
     */
    record Further(Choice choice, Event event, List<ObjectNode> lens, Optional<TraceFiles.Published> trace)
            implements Piece {}
}
