package dev.weir.corpus;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** A manifest on disk. */
final class ManifestFile {

    static final String NAME = "manifest.json";
    private static final String PART = ".manifest.json.part";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();
    private static final ObjectWriter WRITER = MAPPER.writer(
            new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"))); // on every system

    private ManifestFile() {}

    /** The manifest of a folder, if there is one. */
    static Optional<Manifest> read(Path folder) throws IOException {
        Path file = folder.resolve(NAME);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        JsonNode json = json(file);
        String format = json.path("format").asText("none");
        int version = json.path("format_version").asInt();
        if (!format.equals(Manifest.FORMAT) || version != Manifest.VERSION) {
            throw new CorpusException(
                    file,
                    "format " + Manifest.FORMAT + " in version " + Manifest.VERSION,
                    format + " in version " + version);
        }
        try {
            return Optional.of(MAPPER.treeToValue(json, Manifest.class));
        } catch (JsonProcessingException e) {
            throw new CorpusException(file, "a manifest of Weir's", e.getOriginalMessage());
        }
    }

    private static JsonNode json(Path file) throws IOException {
        try {
            return MAPPER.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new CorpusException(file, "JSON", e.getOriginalMessage());
        }
    }

    /** Writes it so that a kill or a power cut leaves the one before or this one, whole. */
    static void write(Path folder, Manifest manifest) throws IOException {
        Durable.replace(folder, NAME, PART, bytes(manifest));
    }

    static byte[] bytes(Manifest manifest) {
        try {
            return (WRITER.writeValueAsString(manifest) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of texts and numbers cannot be written as JSON", e);
        }
    }

    /**
     * Refuses to go on with a dump that was begun by another recipe.
     *
     * @throws IllegalArgumentException with the first thing that differs, and both its values
     */
    static void requireSame(Path folder, Recipe begun, Recipe asked) {
        JsonNode before = MAPPER.valueToTree(begun);
        JsonNode now = MAPPER.valueToTree(asked);
        before.fieldNames().forEachRemaining(name -> {
            if (!before.path(name).equals(now.path(name))) {
                throw new IllegalArgumentException("%s: expected %s %s, with which this dump was begun, got %s"
                        .formatted(folder, name, shown(before.path(name)), shown(now.path(name))));
            }
        });
    }

    private static String shown(JsonNode value) {
        if (!value.isArray()) {
            return value.asText();
        }
        return String.join(
                ",",
                StreamSupport.stream(value.spliterator(), false)
                        .map(column -> column.path("name").asText())
                        .toList());
    }
}
