package dev.weir.edit;

import dev.weir.dump.Dump;
import dev.weir.gguf.ControlVector;
import dev.weir.hook.Dimensions;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the values of edits: from dumps, from other safetensors files, from control vectors in GGUF, or from the sentence itself. */
final class Sources {

    private static final byte[] GGUF = "GGUF".getBytes(StandardCharsets.US_ASCII);
    private static final Pattern DIRECTION = Pattern.compile("direction\\.(\\d{1,6})");

    private final Dimensions dimensions;

    Sources(Dimensions dimensions) {
        this.dimensions = dimensions;
    }

    /**
     * One row for every position, or a row for each position from 0 on.
     *
     * @throws IllegalArgumentException if the source has no such rows
     */
    PointRows rows(Source source, HookPoint point) throws IOException {
        PointRows all = all(source, point, true);
        return all.sequence(sequence(source));
    }

    /** The mean of the rows of all sequences, or of the one that the source names. */
    float[] mean(Source source, HookPoint point) throws IOException {
        if (point.site().form() == Site.Form.SQUARE) {
            throw new IllegalArgumentException(
                    point + ": expected a point whose rows have a mean, got one whose rows differ in their keys");
        }
        PointRows all = all(source, point, false);
        OptionalInt sequence = sequence(source);
        return sequence.isPresent() ? all.sequence(sequence).mean() : all.mean();
    }

    private static OptionalInt sequence(Source source) {
        return switch (source) {
            case Source.InFile file -> file.sequence();
            case Source.WrittenOut values -> OptionalInt.empty();
        };
    }

    /** @param placed whether it matters at which position a row was */
    private PointRows all(Source source, HookPoint point, boolean placed) throws IOException {
        return switch (source) {
            case Source.InFile file -> ofFile(file, point, placed);
            case Source.WrittenOut written -> ofValues(point, written.values());
        };
    }

    private PointRows ofValues(HookPoint point, float[] values) {
        int columns = point.site().form() == Site.Form.SQUARE ? 0 : dimensions.columns(point.site(), 1);
        if (columns == 0 || values.length == 0 || values.length % columns != 0) {
            throw new IllegalArgumentException(point + ": expected "
                    + (columns == 0 ? "a file" : "rows of " + columns + " values") + ", got " + values.length
                    + " values");
        }
        return new PointRows(1, values.length / columns, values);
    }

    private PointRows ofFile(Source.InFile source, HookPoint point, boolean placed) throws IOException {
        requireFile(source.file());
        if (isGguf(source.file())) {
            return PointRows.of(
                    point, dimensions, List.of(dimensions.width()), direction(source, point, dimensions.width()));
        }
        String tensor = source.tensor().orElse(point.name());
        Optional<HookPoint> seen = pointNamed(tensor);
        return seen.isPresent()
                ? ofDump(source.file(), seen.get(), point, placed)
                : ofTensor(source.file(), tensor, point);
    }

    private static void requireFile(Path file) {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + ": expected a file, got a folder");
        }
    }

    private static boolean isGguf(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(GGUF.length), GGUF);
        }
    }

    private static Optional<HookPoint> pointNamed(String tensor) {
        try {
            return Optional.of(HookPoint.named(tensor));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The vector for a point: unless it is named, that of the block which the stream leaves there. */
    private static float[] direction(Source.InFile source, HookPoint point, int width) throws IOException {
        ControlVector vector = ControlVector.read(source.file());
        String name = source.tensor().orElse("direction." + point.layer());
        Matcher matcher = DIRECTION.matcher(name);
        if (source.tensor().isEmpty() && point.site() != Site.RESID_POST) {
            throw new IllegalArgumentException(point + ": expected hook_resid_post, where control vectors are added, or"
                    + " a tensor such as direction.3 named after the file");
        }
        float[] direction = matcher.matches() ? vector.directions().get(Integer.parseInt(matcher.group(1))) : null;
        if (direction == null) {
            throw new IllegalArgumentException(source.file() + ": expected " + name
                    + " in it, got directions of layers " + vector.directions().keySet());
        }
        if (direction.length != width) {
            throw new IllegalArgumentException(
                    source.file() + ": expected directions of " + width + " values, got " + direction.length);
        }
        return direction;
    }

    private PointRows ofDump(Path file, HookPoint seen, HookPoint point, boolean placed) throws IOException {
        try (Dump dump = Dump.open(file)) {
            Trace.Values values = dump.values(seen);
            PointRows rows = PointRows.of(point, dimensions, values.shape(), values.data());
            Positions kept = dump.positions(seen);
            if (placed && rows.rows() > 1 && !kept.equals(Positions.ALL)) {
                throw new IllegalArgumentException(
                        file + ": expected every position of " + seen + ", or one, got positions " + kept);
            }
            return rows;
        }
    }

    private PointRows ofTensor(Path file, String tensor, HookPoint point) throws IOException {
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            SafetensorsFile.Entry entry = open.entry(tensor);
            if (!entry.dtype().isModelFloat() && entry.dtype() != DType.FLOAT64) {
                throw new IllegalArgumentException(file + ": tensor '" + tensor + "': expected floats, got "
                        + entry.dtype().label());
            }
            float[] values = new float[Math.toIntExact(entry.elements())];
            for (int i = 0; i < values.length; i++) {
                values[i] = entry.dtype()
                        .read(entry.data(), (long) i * entry.dtype().bytes());
            }
            return PointRows.of(
                    point,
                    dimensions,
                    entry.shape().stream().map(Math::toIntExact).toList(),
                    values);
        }
    }
}
