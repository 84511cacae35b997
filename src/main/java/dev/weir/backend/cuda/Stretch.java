package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Graph;
import dev.weir.backend.cuda.driver.Stream;
import dev.weir.program.Step;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stretch of a step, bound to memory. */
sealed interface Stretch {

    /** Ops that run one after another on the GPU; captured as a graph when they run again. */
    final class OnDevice implements Stretch {
        private final List<Work> works;
        private @Nullable Graph graph;

        OnDevice(List<Work> works) {
            this.works = List.copyOf(works);
        }

        void launch(Stream stream) {
            works.forEach(work -> work.on(stream));
        }

        /** Waits after every op, so that what fails is named. */
        void launchOneByOne(Stream stream) {
            works.forEach(work -> work.onAndWait(stream));
        }

        void replay(Stream stream) {
            Graph ready = graph == null ? capture(stream) : graph;
            graph = ready;
            ready.launch(stream);
        }

        private Graph capture(Stream stream) {
            stream.beginCapture();
            try {
                launch(stream);
            } catch (RuntimeException | Error e) {
                stream.abandonCapture();
                throw e;
            }
            return stream.endCapture();
        }

        /** Gives the graph back; the next replay captures anew. */
        void forget() {
            if (graph != null) {
                graph.close();
                graph = null;
            }
        }
    }

    /**
     * A stop where Java changes a value.
     *
     * @param x address of the value
     * @param out address of what comes of it
     */
    record OnHost(Step.Host step, long x, long out) implements Stretch {}
}
