package dev.weir.engine;

import dev.weir.hook.Hooks;
import dev.weir.hook.TraceRecorder;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The text that continues one prompt, generated no further than it is read. */
final class StreamedText implements Iterator<String> {

    private final Queue<String> pieces = new ArrayDeque<>();
    private final Decoding decoding;

    /** Text of which nothing has been read; it holds a session until it has been read to its end or its stream is closed. */
    StreamedText(LoadedModel model, Sequence sequence) {
        decoding = Decoding.begin(
                model,
                List.of(sequence),
                Tracing.of(Hooks.NONE, new TraceRecorder()),
                (index, text) -> pieces.add(text));
    }

    @Override
    public boolean hasNext() {
        while (pieces.isEmpty() && !decoding.isDone()) {
            decoding.advance();
        }
        if (pieces.isEmpty()) {
            decoding.close();
        }
        return !pieces.isEmpty();
    }

    @Override
    public String next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the generation has ended");
        }
        return pieces.remove();
    }

    /** Its pieces, to be read once. */
    Stream<String> stream() {
        return StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(this, Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(decoding::close);
    }
}
