package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.dump.DumpWriter;
import dev.weir.dump.Provenance;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** A file that a trace is being written to. When the process is interrupted, nothing of it is left. */
final class TraceFile implements AutoCloseable {

    private final Path path;
    private final TraceLayout layout;
    private final TraceSink sink;
    private final Thread cleaning;

    /**
     * Nothing is written before the trace begins.
     *
     * @param layout what is coming
     * @throws IllegalArgumentException if the folder is not there or its disk is too full
     */
    TraceFile(Path path, TraceLayout layout, Provenance provenance) throws IOException {
        requireRoom(path, layout.bytes());
        this.path = path;
        this.layout = layout;
        this.sink = new DumpWriter(path, provenance);
        this.cleaning = new Thread(sink::close, "weir-cleaning");
        Runtime.getRuntime().addShutdownHook(cleaning);
    }

    private static void requireRoom(Path path, long bytes) throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    path + ": expected a file in a folder that is there, got one in " + folder);
        }
        if (Files.isDirectory(path)) {
            throw new IllegalArgumentException(path + ": expected a file, got a folder");
        }
        long room = Files.getFileStore(folder).getUsableSpace();
        if (bytes > room) {
            throw new IllegalArgumentException("%s: expected room for the %s bytes of the trace, got %s that are free"
                    .formatted(path, Figures.count(bytes), Figures.count(room)));
        }
    }

    TraceSink sink() {
        return sink;
    }

    /** One line about the finished file. */
    String summary() throws IOException {
        long bytes = Files.size(path);
        return "%s in %s, %s bytes (%s)"
                .formatted(
                        Figures.counted(layout.taps().size(), "point"),
                        path,
                        Figures.count(bytes),
                        Figures.bytes(bytes));
    }

    /** The same for a program. */
    ObjectNode json() throws IOException {
        return Json.object()
                .put("file", path.toString())
                .put("points", layout.taps().size())
                .put("dtype", layout.type().label())
                .put("bytes", Files.size(path));
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaning);
        } catch (
                IllegalStateException
                        e) { // interrupted: the file is being cleaned up, and this thread has no more to say
            while (true) {
                LockSupport.park();
            }
        }
        sink.close();
    }
}
