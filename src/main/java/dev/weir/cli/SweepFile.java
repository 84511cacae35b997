package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.patching.PatchingMap;
import dev.weir.patching.PatchingMap.Axis;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A file of what {@code weir patch --json} printed. */
final class SweepFile {

    private SweepFile() {}

    /** @throws IllegalArgumentException if it is something else */
    static PatchingMap read(Path file) {
        JsonNode sweep = tree(file);
        for (String key : List.of("title", "rows", "columns", "values", "clean", "corrupted")) {
            if (sweep.path(key).isMissingNode()) {
                throw new IllegalArgumentException(
                        "--sweep '" + file + "': expected what 'weir patch --json' prints, got no \"" + key + "\"");
            }
        }
        return new PatchingMap(
                sweep.path("title").asText(),
                axis(sweep.path("rows")),
                axis(sweep.path("columns")),
                elements(sweep.path("values"))
                        .map(row -> elements(row).map(SweepFile::number).toList())
                        .toList(),
                sweep.path("clean").asDouble(),
                sweep.path("corrupted").asDouble(),
                sweep.path("plans").asLong());
    }

    private static JsonNode tree(Path file) {
        try (InputStream json = Files.newInputStream(file)) {
            return Json.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "--sweep '" + file + "': expected JSON, got " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Axis axis(JsonNode axis) {
        return new Axis(
                axis.path("name").asText(),
                elements(axis.path("labels")).map(JsonNode::asText).toList());
    }

    /** What is not finite was written as null. */
    private static double number(JsonNode value) {
        return value.isNull() ? Double.NaN : value.asDouble();
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }
}
