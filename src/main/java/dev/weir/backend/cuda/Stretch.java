package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Graph;
import dev.weir.backend.cuda.driver.LaunchFailed;
import dev.weir.backend.cuda.driver.Stream;
import dev.weir.program.Step;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A stretch of a step, bound to memory. */
sealed interface Stretch {

    /** Ops that run one after another on the GPU, or all in one launch; captured as a graph when they run again. */
    final class OnDevice implements Stretch {
        private static final Logger LOG = System.getLogger(OnDevice.class.getName());

        private final List<Work> works;
        private @Nullable PersistentStretch asOne;
        private @Nullable Graph graph;

        OnDevice(List<Work> works, Optional<PersistentStretch> asOne) {
            this.works = List.copyOf(works);
            this.asOne = asOne.orElse(null);
        }

        void launch(Stream stream) {
            asOneOrApart(() -> begin(stream));
        }

        /** Waits after every op, so that what fails is named. */
        void launchOneByOne(Stream stream) {
            works.forEach(work -> work.onAndWait(stream));
        }

        void replay(Stream stream) {
            asOneOrApart(() -> beginGraph(stream));
        }

        /** Where the GPU refuses one launch of all, which is known only when it does, each op gets its own from then on. */
        private void asOneOrApart(Runnable begin) {
            try {
                begin.run();
            } catch (LaunchFailed e) {
                if (asOne == null || !e.isTooLarge()) {
                    throw e;
                }
                LOG.log(Level.INFO, "ops are launched one by one: {0}", e.getMessage());
                forget();
                asOne = null;
                begin.run();
            }
        }

        private void begin(Stream stream) {
            if (asOne != null) {
                asOne.on(stream);
            } else {
                works.forEach(work -> work.on(stream));
            }
        }

        private void beginGraph(Stream stream) {
            Graph ready = graph == null ? capture(stream) : graph;
            graph = ready;
            ready.launch(stream);
        }

        private Graph capture(Stream stream) {
            if (asOne != null) {
                asOne.prepare();
            }
            stream.beginCapture();
            try {
                begin(stream);
            } catch (RuntimeException | Error e) {
                stream.abandonCapture();
                throw e;
            }
            return stream.endCapture();
        }

        /** Gives back what it has on the GPU besides the values; the next run makes it anew. */
        void forget() {
            if (graph != null) {
                graph.close();
                graph = null;
            }
            if (asOne != null) {
                asOne.forget();
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
