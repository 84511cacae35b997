package dev.weir.cli;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.steering.SteeringVectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;

/** Where vectors are written: to safetensors, or to a control vector of llama.cpp if the name ends in {@code .gguf}. */
final class VectorFile {

    private static final String MODEL_HINT = "gpt2"; // what llama.cpp calls the only architecture there is here

    private final Path path;

    /** @throws IllegalArgumentException if there can be no such file */
    VectorFile(Path path) {
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    path + ": expected a file in a folder that is there, got one in " + folder);
        }
        if (Files.isDirectory(path)) {
            throw new IllegalArgumentException(path + ": expected a file, got a folder");
        }
        this.path = path;
    }

    private boolean isControlVector() {
        return path.getFileName().toString().endsWith(".gguf");
    }

    /** Refuses points for which a control vector has no place, before anything is computed. */
    void requireThatItCanHold(Collection<HookPoint> points) {
        for (HookPoint point : points) {
            if (isControlVector() && point.site() != Site.RESID_POST) {
                throw new IllegalArgumentException(
                        path + ": expected --hooks resid_post for a control vector, got " + point);
            }
        }
        if (isControlVector() && points.stream().allMatch(point -> point.layer() == 0)) {
            throw new IllegalArgumentException(
                    path + ": expected blocks from 1 on for a control vector, got block 0 only");
        }
    }

    /** Whether block 0, for which a control vector has no place, is among the points. */
    boolean leavesOut(Collection<HookPoint> points) {
        return isControlVector() && points.contains(HookPoint.of(0, Site.RESID_POST));
    }

    /** @param about what a file of safetensors says of itself */
    void write(SteeringVectors vectors, Map<String, String> about) throws IOException {
        if (isControlVector()) {
            vectors.toControlVector(MODEL_HINT).write(path);
        } else {
            vectors.write(path, about);
        }
    }
}
